"""The pages of phone settings, from either side: the account's white label, or its own people."""

from uuid import UUID

from flask import Blueprint, flash, redirect, request
from werkzeug.wrappers import Response

from portal.accounts.desks import desk_or_404
from portal.accounts.guards import account_or_administrator_only
from portal.accounts.lifecycle import Side
from portal.accounts.models import Account
from portal.accounts.queries import held_customer_or_404
from portal.identity.guards import actor, me
from portal.kit.db import TenantSession, reading, transaction
from portal.kit.refusals import BadInput, NotAllowed, NotFound
from portal.kit.slices import read_asked
from portal.kit.web import page
from portal.pbx import pages, queries
from portal.pbx.commands import ChangedMeanwhile, DoesNotFit, Edit, fill, save, undo, with_rules_of
from portal.pbx.configuration import RULES, SECTIONS, Anything, Configuration, Extension, Place, Rules
from portal.pbx.credentials import MadeMeanwhile, renew, stamp
from portal.pbx.forms import FORMS, ExtensionForm, PartForm, RulesForm
from portal.pbx.rules import ADMINISTRATORS, Office, why_read_only
from portal.pbx.templates import TEMPLATES
from portal.pbx.words import title

bp = Blueprint("pbx", __name__)

CUSTOMERS, ACCOUNT = {"side": Side.WHITE_LABEL}, {"side": Side.ACCOUNT}
NEW = "new"


@bp.get("/customers/<uuid:account_id>/pbx", defaults=CUSTOMERS)
@bp.get("/account/<uuid:account_id>/pbx", defaults=ACCOUNT)
@account_or_administrator_only
def home(side: Side, account_id: UUID) -> Response:
    office = office_of(side, account_id)
    with reading() as db:
        found = pages.home_page(db, office)
    return page("pbx/index.html", office=office, found=found, templates=pages.template_choices())


@bp.get("/customers/<uuid:account_id>/pbx/<section>", defaults=CUSTOMERS)
@bp.get("/account/<uuid:account_id>/pbx/<section>", defaults=ACCOUNT)
@account_or_administrator_only
def index(side: Side, account_id: UUID, section: str) -> Response:
    office = administered(side, account_id)
    if section not in SECTIONS:
        raise NotFound
    with reading() as db:
        found, can_add = pages.list_page(db, office, section, read_asked(request.args))
    words = pages.LISTS[section]
    return page("pbx/list.html", office=office, section=section, words=words, found=found, can_add=can_add)


@bp.get("/customers/<uuid:account_id>/pbx/<section>/<key>", defaults=CUSTOMERS)
@bp.get("/account/<uuid:account_id>/pbx/<section>/<key>", defaults=ACCOUNT)
@account_or_administrator_only
def part_page(side: Side, account_id: UUID, section: str, key: str) -> Response:
    office, place = office_of(side, account_id), _place_or_404(section, key)
    with reading() as db:
        base, present = _part_or_404(db, office, place)
        form = _form(db, office, place, present)
    if present is not None:
        form.show(present)
    return _part(office, place, form, present, base=base)


@bp.post("/customers/<uuid:account_id>/pbx/<section>/<key>", defaults=CUSTOMERS)
@bp.post("/account/<uuid:account_id>/pbx/<section>/<key>", defaults=ACCOUNT)
@account_or_administrator_only
def save_part(side: Side, account_id: UUID, section: str, key: str) -> Response:
    office, place = office_of(side, account_id, changes=True), _place_or_404(section, key)
    base = _base()
    with reading() as db:
        _, present = _part_or_404(db, office, place, base)
        form = _form(db, office, place, present)
        free = queries.newest(db, account_id)[1].free_key(section) if section in ("hours", "greetings") else ""
    if form.is_about_rows or not form.validate_on_submit():
        return _part(office, place, form, present, base=base)
    part = form.part(present, free if place.key == NEW else place.key)
    return _save(office, Place(section, _id(part)), part, base, form, place, present)


@bp.get("/customers/<uuid:account_id>/pbx/<section>/<key>/removal", defaults=CUSTOMERS)
@bp.get("/account/<uuid:account_id>/pbx/<section>/<key>/removal", defaults=ACCOUNT)
@account_or_administrator_only
def removal_page(side: Side, account_id: UUID, section: str, key: str) -> Response:
    office, place = administered(side, account_id, changes=True), _place_or_404(section, key)
    with reading() as db:
        base, present = _part_or_404(db, office, place)
    if present is None:
        raise NotFound
    return _removal(office, place, present, base=base)


@bp.post("/customers/<uuid:account_id>/pbx/<section>/<key>/removal", defaults=CUSTOMERS)
@bp.post("/account/<uuid:account_id>/pbx/<section>/<key>/removal", defaults=ACCOUNT)
@account_or_administrator_only
def remove_part(side: Side, account_id: UUID, section: str, key: str) -> Response:
    office, place = administered(side, account_id, changes=True), _place_or_404(section, key)
    base = _base()
    with reading() as db:
        _, present = _part_or_404(db, office, place, base)
    if present is None:
        raise NotFound
    try:
        with transaction() as db:
            save(db, held(db, office), Edit(place, None, base), by=actor(), side=side)
    except DoesNotFit:
        return _removal(office, place, present, base=base, status=409)
    flash("Removed. The history can bring it back.", "ok")
    return redirect(f"{office.base}/{section}", 303)


@bp.get("/customers/<uuid:account_id>/pbx/extensions/<key>/password", defaults=CUSTOMERS)
@bp.get("/account/<uuid:account_id>/pbx/extensions/<key>/password", defaults=ACCOUNT)
@account_or_administrator_only
def password_page(side: Side, account_id: UUID, key: str) -> Response:
    return _renewal(administered(side, account_id, changes=True), key)


@bp.post("/customers/<uuid:account_id>/pbx/extensions/<key>/password", defaults=CUSTOMERS)
@bp.post("/account/<uuid:account_id>/pbx/extensions/<key>/password", defaults=ACCOUNT)
@account_or_administrator_only
def renew_password(side: Side, account_id: UUID, key: str) -> Response:
    """The password stands on this answer and nowhere else."""
    office = administered(side, account_id, changes=True)
    try:
        with transaction() as db:
            fresh = renew(db, held(db, office), key, by=actor(), seen=request.form.get("seen", ""))
    except MadeMeanwhile:
        return _renewal(office, key, status=409)
    return page("pbx/password.html", office=office, key=key, fresh=fresh)


@bp.get("/customers/<uuid:account_id>/pbx/rules", defaults=CUSTOMERS)
@bp.get("/account/<uuid:account_id>/pbx/rules", defaults=ACCOUNT)
@account_or_administrator_only
def rules_page(side: Side, account_id: UUID) -> Response:
    office = administered(side, account_id)
    with reading() as db:
        base, settings = queries.newest(db, account_id)
        form = _form(db, office, RULES, settings.rules)
    form.show(settings.rules)
    return _part(office, RULES, form, settings.rules, base=base)


@bp.post("/customers/<uuid:account_id>/pbx/rules", defaults=CUSTOMERS)
@bp.post("/account/<uuid:account_id>/pbx/rules", defaults=ACCOUNT)
@account_or_administrator_only
def save_rules(side: Side, account_id: UUID) -> Response:
    office, base = administered(side, account_id, changes=True), _base()
    with reading() as db:
        present = queries.newest(db, account_id)[1].rules
        form = _form(db, office, RULES, present)
    if not form.validate_on_submit():
        return _part(office, RULES, form, present, base=base)
    return _save(office, RULES, form.part(present, ""), base, form, RULES, present)


@bp.get("/customers/<uuid:account_id>/pbx/history", defaults=CUSTOMERS)
@bp.get("/account/<uuid:account_id>/pbx/history", defaults=ACCOUNT)
@account_or_administrator_only
def history(side: Side, account_id: UUID) -> Response:
    office = administered(side, account_id)
    with reading() as db:
        lines, older = pages.history_page(db, office, request.args.get("before", type=int))
    return page("pbx/history.html", office=office, lines=lines, older=older)


@bp.post("/customers/<uuid:account_id>/pbx/history/<int:version>/undoing", defaults=CUSTOMERS)
@bp.post("/account/<uuid:account_id>/pbx/history/<int:version>/undoing", defaults=ACCOUNT)
@account_or_administrator_only
def take_back(side: Side, account_id: UUID, version: int) -> Response:
    office = administered(side, account_id, changes=True)
    with transaction() as db:
        undo(db, held(db, office), version, by=actor(), side=side)
    flash("The change is taken back.", "ok")
    return redirect(f"{office.base}/history", 303)


@bp.get("/customers/<uuid:account_id>/pbx/templates/<name>", defaults=CUSTOMERS)
@bp.get("/account/<uuid:account_id>/pbx/templates/<name>", defaults=ACCOUNT)
@account_or_administrator_only
def template_page(side: Side, account_id: UUID, name: str) -> Response:
    office = administered(side, account_id, changes=True)
    with reading() as db:
        found = pages.preview(db, office, _filled(db, office, name))
    return page("pbx/template.html", office=office, key=name, name=TEMPLATES[name].name, found=found)


@bp.post("/customers/<uuid:account_id>/pbx/templates/<name>", defaults=CUSTOMERS)
@bp.post("/account/<uuid:account_id>/pbx/templates/<name>", defaults=ACCOUNT)
@account_or_administrator_only
def fill_in(side: Side, account_id: UUID, name: str) -> Response:
    office = administered(side, account_id, changes=True)
    with transaction() as db:
        account = held(db, office)
        fill(db, account, _filled(db, office, name), TEMPLATES[name].name, by=actor())
    flash("The account is set up. Change whatever does not fit.", "ok")
    return redirect(office.base, 303)


def office_of(side: Side, account_id: UUID, *, changes: bool = False) -> Office:
    """The settings from one side. Raises NotFound for a foreign account, NotAllowed when nothing can change now."""
    office = Office(desk_or_404(side, account_id), me().id)
    if changes and office.read_only:
        raise NotAllowed(office.read_only)
    return office


def administered(side: Side, account_id: UUID, *, changes: bool = False) -> Office:
    """Like `office_of`, for whoever administers from that side. Raises NotAllowed for everybody else."""
    office = office_of(side, account_id)
    if not office.is_administrator:
        raise NotAllowed(ADMINISTRATORS)
    if changes and office.read_only:
        raise NotAllowed(office.read_only)
    return office


def held(db: TenantSession, office: Office) -> Account:
    """The account, locked. Raises NotAllowed when it moved on since the page was asked for."""
    account = held_customer_or_404(db, office.account.id)
    if why := why_read_only(office.desk.side, account):
        raise NotAllowed(why)
    return account


def _place_or_404(section: str, key: str) -> Place:
    if section not in SECTIONS:
        raise NotFound
    return Place(section, key)


def _part_or_404(
    db: TenantSession, office: Office, place: Place, base: int | None = None
) -> tuple[int, Anything | None]:
    """The newest version, and the part there now, or at the base when it has gone; nothing for a new one."""
    version, settings = queries.newest(db, office.account.id)
    earlier = queries.settings_at(db, office.account.id, base) if base is not None else None
    present = settings.at(place) or (earlier.at(place) if earlier else None)
    if not office.is_administrator and not (isinstance(present, Extension) and office.owns(present)):
        raise NotAllowed(ADMINISTRATORS)
    if present is None and place.key != NEW:
        raise NotFound
    return version, present


def _form(db: TenantSession, office: Office, place: Place, present: Anything | None) -> PartForm:
    form = FORMS[place.section]()
    if isinstance(form, ExtensionForm) and not office.is_administrator:
        form.only_own()
    if isinstance(form, RulesForm) and office.keeps_limits:
        form.keep_limits()
    form.offer(pages.offered(db, office), place.key if present is not None else "")
    return form


def _part(office: Office, place: Place, form: PartForm, present: Anything | None, *, base: int) -> Response:
    with reading() as db:
        has_phone = place.section == "extensions" and place.key in queries.credentials_of(db, office.account.id)
        limits = pages.limits(db, office, present) if isinstance(present, Rules) else []
    return page(
        f"pbx/{place.section}.html",
        office=office,
        place=place,
        form=form,
        base=base,
        is_new=present is None,
        title=title(place, present) if present is not None else f"New {pages.LISTS[place.section][2]}",
        has_phone=has_phone,
        limits=limits,
    )


def _removal(office: Office, place: Place, present: Anything, *, base: int, status: int = 200) -> Response:
    """What goes with a part, or what has to be changed before it can go."""
    with reading() as db:
        needing = pages.needing(db, office, place)
    return page(
        "pbx/removal.html",
        status=status,
        office=office,
        place=place,
        base=base,
        title=title(place, present),
        one=pages.LISTS[place.section][2],
        needing=needing,
    )


def _renewal(office: Office, key: str, *, status: int = 200) -> Response:
    """What a new password ends. Raises NotFound."""
    place = Place("extensions", key)
    with reading() as db:
        _, present = _part_or_404(db, office, place)
        if present is None:
            raise NotFound
        credential = queries.credentials_of(db, office.account.id).get(key)
        found = pages.password_made(db, credential)
    return page(
        "pbx/renewal.html",
        status=status,
        office=office,
        key=key,
        title=title(place, present),
        found=found,
        seen=stamp(credential),
    )


def _save(
    office: Office,
    place: Place,
    part: Anything,
    base: int,
    form: PartForm,
    asked: Place,
    present: Anything | None,
) -> Response:
    try:
        with transaction() as db:
            account = held(db, office)
            if not office.is_administrator:
                _part_or_404(db, office, place)  # theirs still, now that nobody else can change it
            save(db, account, Edit(place, part, base, is_new=asked.key == NEW), by=actor(), side=office.desk.side)
    except DoesNotFit as refused:
        _tell(form, place, refused)
        return _part(office, asked, form, present, base=base)
    except ChangedMeanwhile as refused:
        return _conflict(office, place, part, refused)
    flash(f"{title(place, part)} {'are' if place == RULES else 'is'} saved.", "ok")
    return redirect(
        office.base if place == RULES or not office.is_administrator else f"{office.base}/{place.section}", 303
    )


def _tell(form: PartForm, place: Place, refused: DoesNotFit) -> None:
    """Each problem beside its field; those of other parts at the top, saying which part."""
    for problem in refused.problems:
        if problem.place == place and problem.field in form:
            form[problem.field].errors = [problem.text]
        else:
            where = title(problem.place, refused.settings.at(problem.place))
            form.form_errors.append(f"{where}: {problem.text}")


def _conflict(office: Office, place: Place, part: Anything, refused: ChangedMeanwhile) -> Response:
    with reading() as db:
        told = pages.compared(db, office, (refused.base, refused.theirs, part))
    # A part that has gone cannot be saved over: the history brings it back first.
    sent = [(name, value) for name, value in request.form.items(multi=True) if name not in ("csrf_token", "base")]
    return page(
        "pbx/conflict.html",
        status=409,
        office=office,
        place=place,
        title=title(place, part),
        told=told,
        sent=sent,
        base=refused.version,
        is_gone=refused.theirs is None,
    )


def _base() -> int:
    """The version that the page was made from."""
    words = request.form.get("base", "")
    if not (words.isascii() and words.isdigit() and len(words) < 10):
        raise BadInput
    return int(words)


def _id(part: Anything) -> str:
    return getattr(part, "id", "")


def _filled(db: TenantSession, office: Office, name: str) -> Configuration:
    if name not in TEMPLATES:
        raise NotFound
    made = TEMPLATES[name].make(pages.facts_of(db, office))
    return with_rules_of(queries.newest(db, office.account.id)[1], made)
