"""Customers of a white label, for its administrators."""

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, flash, g, redirect, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from portal.accounts import commands as accounts
from portal.accounts.forms import PlacesForm, place_of
from portal.accounts.guards import administrators_only
from portal.accounts.lifecycle import State
from portal.accounts.models import Account, Contact, MoveRefused
from portal.accounts.queries import customer_or_404, held_customer_or_404
from portal.activation import commands as activation
from portal.activation.pages import what_goes_back
from portal.billing.flows import as_quoted
from portal.billing.outlook import charged_at_closing, charged_first
from portal.billing.subscriptions import catch_up
from portal.customers import commands, exports, listing, pages
from portal.customers.forms import AddressCorrectionForm, DetailsForm, ReasonForm, SaveViewForm
from portal.customers.queries import SORTS, WAITS, Search
from portal.identity.guards import actor, me
from portal.kit.db import TenantSession, reading, transaction
from portal.kit.forms import AgreedForm
from portal.kit.limits import limiter
from portal.kit.paging import Key, Place
from portal.kit.refusals import BadInput
from portal.kit.sheets import csv_answer
from portal.kit.web import page
from portal.numbers.porting import count_open
from portal.numbers.quote_pages import closing_words

bp = Blueprint("customers", __name__, url_prefix="/customers")

MOST_CHOSEN = 100


@bp.get("")
@administrators_only
def index() -> Response:
    return _index(_search(), SaveViewForm(formdata=None))


@bp.get("/export.csv")
@administrators_only
def export() -> Response:
    search, white_label_id = _search(), g.white_label.id

    def lines() -> Iterator[str]:
        # The body is written after the view returned, so the scope is named instead of taken from the request.
        with reading(white_label_id) as db:
            yield from exports.customers_csv(db, search)

    return csv_answer("customers.csv", lines())


@bp.post("/letters")
@limiter.limit("30 per hour")
@administrators_only
def send_links_again() -> Response:
    """The activation letter again, to every chosen customer that still waits for it."""
    chosen = {_id(words) for words in request.form.getlist("chosen")}
    if not chosen or len(chosen) > MOST_CHOSEN:
        raise BadInput(f"Choose customers in the list first, at most {MOST_CHOSEN} at once.")
    with transaction() as db:
        sent = commands.send_links(db, list(chosen), by=actor())
    left_out = len(chosen) - sent
    words = f"{sent} activation letter{' is' if sent == 1 else 's are'} on the way. No money moved."
    if left_out:
        words += f" {left_out} of those chosen {'does' if left_out == 1 else 'do'} not wait for one."
    flash(words, "ok" if sent else "wait")
    return _back_to_list()


@bp.post("/views")
@administrators_only
def save_view() -> Response:
    form = SaveViewForm()
    search = _search(request.form)
    if not form.validate_on_submit():
        return _index(search, form)
    with transaction() as db:
        commands.save_view(db, me().id, form.name.data or "", urlencode(search.query))
    flash(f"The view “{form.name.data}” is kept.", "ok")
    return _back_to_list(search)


@bp.post("/views/<uuid:view_id>/removal")
@administrators_only
def forget_view(view_id: UUID) -> Response:
    with transaction() as db:
        commands.forget_view(db, me().id, view_id)
    flash("The view is removed. No customer was changed.", "ok")
    return _back_to_list()


@bp.get("/<uuid:account_id>")
@administrators_only
def show(account_id: UUID) -> Response:
    return _show(account_id, AddressCorrectionForm())


@bp.get("/<uuid:account_id>/created")
@administrators_only
def created(account_id: UUID) -> Response:
    with reading() as db:
        found = pages.created_page(db, customer_or_404(db, account_id), me().id)
    if found.account.state != State.INACTIVE:
        return _to(account_id)
    return page("customers/created.html", found=found)


@bp.post("/<uuid:account_id>/link")
@limiter.limit("30 per hour")
@administrators_only
def send_link_again(account_id: UUID) -> Response:
    """A new letter with a new link; the older link dies."""
    with transaction() as db:
        account = held_customer_or_404(db, account_id)
        activation.send_link(db, account, by=actor())
    flash("A new activation letter is on its way. The older link no longer works. No money moved.", "ok")
    return _to(account_id)


@bp.post("/<uuid:account_id>/address")
@administrators_only
def correct_address(account_id: UUID) -> Response:
    form = AddressCorrectionForm()
    if not form.validate_on_submit():
        return _show(account_id, form)
    with transaction() as db:
        account = held_customer_or_404(db, account_id)
        activation.correct_address(db, account, form.email.data or "", by=actor())
    flash(f"Letters go to {form.email.data} from now on. No money moved.", "ok")
    return _to(account_id)


@bp.get("/<uuid:account_id>/details")
@administrators_only
def details_page(account_id: UUID) -> Response:
    with reading() as db:
        account = _open_customer(db, account_id)
        form = DetailsForm(country=pages.country_of(db, account), data=pages.details_of(db, account))
    return page("customers/details.html", account=account, form=form)


@bp.post("/<uuid:account_id>/details")
@administrators_only
def change_details(account_id: UUID) -> Response:
    with transaction() as db:
        account = _open_customer(db, account_id, held=True)
        form = DetailsForm(country=pages.country_of(db, account))
        is_valid = form.validate_on_submit()
        if is_valid:
            _save_details(db, account, form)
    if not is_valid:
        return page("customers/details.html", account=account, form=form)
    flash("The details are changed. No money moved.", "ok")
    return _to(account_id)


def _save_details(db: TenantSession, account: Account, form: DetailsForm) -> None:
    contact = Contact(
        name=form.contact_name.data or "", phone=form.contact_phone.data or "", email=form.contact_email.data or ""
    )
    name, domain = form.name.data or "", form.primary_domain.data or ""
    catch_up(db, account)
    accounts.change_details(db, account, name=name, domain=domain, contact=contact, by=actor())
    number, exemption = form.tax_number.data or "", form.tax_exemption.data or ""
    accounts.change_tax(db, account, number=number, exemption=exemption, by=actor())


@bp.get("/<uuid:account_id>/addresses")
@administrators_only
def addresses_page(account_id: UUID) -> Response:
    with reading() as db:
        account = _open_customer(db, account_id)
        form = PlacesForm(data=pages.addresses_for_form(db, account))
    return page("customers/addresses.html", account=account, form=form)


@bp.post("/<uuid:account_id>/addresses")
@administrators_only
def change_addresses(account_id: UUID) -> Response:
    form = PlacesForm()
    is_valid = "country_chosen" not in request.form and form.validate_on_submit()
    with transaction() as db:
        account = _open_customer(db, account_id, held=True)
        if is_valid:
            catch_up(db, account)
            service = None if form.same_address.data else place_of(form.data, "service_")
            accounts.change_addresses(db, account, place_of(form.data, ""), service, by=actor())
    if not is_valid:
        return page("customers/addresses.html", account=account, form=form)
    flash("The addresses are changed. No money moved.", "ok")
    return _to(account_id)


@bp.get("/<uuid:account_id>/activation")
@administrators_only
def activation_page(account_id: UUID) -> Response:
    with reading() as db:
        account = customer_or_404(db, account_id)
        if account.is_run_by_customer:
            raise activation.OnlyTheCustomer
        found = pages.activation_page(db, account)
    return page("customers/activation.html", found=found)


@bp.post("/<uuid:account_id>/activation")
@administrators_only
def activate(account_id: UUID) -> Response:
    """Option 2 only: the confirmed act. An Option 1 account is refused, whatever is posted."""
    form, ways = AgreedForm(), (("Look at the new figures", f"/customers/{account_id}/activation"),)
    with as_quoted(account_id, ways) as (db, account):
        if account.is_run_by_customer:
            raise activation.OnlyTheCustomer
        if not form.validate_on_submit() or form.agreed_minor is None:
            raise BadInput("Look at the first charges on the page, and confirm them there.")
        is_charged = activation.activate_as_administrator(db, account, agreed_minor=form.agreed_minor, by=actor())
    moved = "The first charges were debited to your white-label account." if is_charged else "No money moved."
    flash(f"{account.name} is active. {moved}", "ok")
    return _to(account_id)


@bp.get("/<uuid:account_id>/suspension", defaults={"what": "suspension"})
@bp.get("/<uuid:account_id>/closure", defaults={"what": "closure"})
@administrators_only
def act_page(account_id: UUID, what: str) -> Response:
    return _act_page(account_id, what, ReasonForm())


@bp.post("/<uuid:account_id>/suspension")
@administrators_only
def suspend(account_id: UUID) -> Response:
    form = ReasonForm()
    if not form.validate_on_submit():
        return _act_page(account_id, "suspension", form)
    with transaction() as db:
        account = held_customer_or_404(db, account_id)
        first = charged_first(db, account)
        accounts.suspend(db, account, reason=form.reason.data or "", by=actor())
    flash(f"{account.name} is suspended. {first or 'No money moved.'}", "ok")
    return _to(account_id)


@bp.post("/<uuid:account_id>/reactivation")
@administrators_only
def reactivate(account_id: UUID) -> Response:
    with transaction() as db:
        account = held_customer_or_404(db, account_id)
        is_active = accounts.reactivate(db, account, by=actor())
    if is_active:
        flash(f"{account.name} is active again. No money moved.", "ok")
    else:
        flash(f"{account.name} stays suspended with all your customers, and is active again with them.", "wait")
    return _to(account_id)


@bp.post("/<uuid:account_id>/closure")
@administrators_only
def close(account_id: UUID) -> Response:
    form = ReasonForm()
    if not form.validate_on_submit():
        return _act_page(account_id, "closure", form)
    with transaction() as db:
        account = held_customer_or_404(db, account_id)
        first = charged_at_closing(db, account)
        back = what_goes_back(db, account)
        had_link = activation.cancel(db, account, reason=form.reason.data or "", by=actor())
    link = "Its activation link no longer works. " if had_link else ""
    flash(f"{account.name} is closed. {link}{first or back or 'No money moved.'}", "ok")
    return _to(account_id)


def _show(account_id: UUID, form: AddressCorrectionForm) -> Response:
    with reading() as db:
        found = pages.customer_page(db, customer_or_404(db, account_id), me().id)
    if not form.is_submitted():
        form.email.data = found.user.email
    return page("customers/show.html", found=found, form=form)


def _open_customer(db: TenantSession, account_id: UUID, *, held: bool = False) -> Account:
    """A customer that can still be edited. Raises NotFound, or MoveRefused for a closed one."""
    account = held_customer_or_404(db, account_id) if held else customer_or_404(db, account_id)
    if account.state == State.CLOSED:
        raise MoveRefused(f"Account {account.number} is closed; what stands there stays.")
    return account


def _act_page(account_id: UUID, what: str, form: ReasonForm) -> Response:
    with reading() as db:
        account: Account = customer_or_404(db, account_id)
        first = (charged_at_closing if what == "closure" else charged_first)(db, account)
        asked_for = count_open(db, account_id)
        released = closing_words(db, account) if what == "closure" else ""
        moves = first or (what_goes_back(db, account) if what == "closure" else "")
    return page(
        f"customers/{what}.html", account=account, form=form, moves=moves, port_ins=asked_for, released=released
    )


def _to(account_id: UUID) -> Response:
    return redirect(f"/customers/{account_id}", 303)


def _index(search: Search, form: SaveViewForm) -> Response:
    with reading() as db:
        found = listing.list_page(db, search, me().id)
    return page("customers/index.html", found=found, search=search, waits=WAITS, form=form)


def _back_to_list(search: Search | None = None) -> Response:
    query = urlencode(search.query) if search else ""
    return redirect("/customers" + (f"?{query}" if query else ""), 303)


def _search(asked: MultiDict[str, str] | None = None) -> Search:
    asked = request.args if asked is None else asked
    sort = asked.get("sort", "newest")
    is_named = sort == "name"
    return Search(
        words=asked.get("q", "").strip()[:100],
        state=asked.get("state", "")[:20],
        administration=asked.get("by", "")[:20],
        waits=asked.get("waits", "")[:20],
        sort=sort if sort in SORTS else "newest",
        place=Place(_key(asked.get("before"), is_named), _key(asked.get("after"), is_named)),
    )


def _key(words: str | None, is_named: bool) -> Key | None:
    """A page begins at an id and the value that the list is sorted by."""
    if not words:
        return None
    id, _, value = words.partition("_")
    try:
        return (value[:200] if is_named else datetime.fromisoformat(value).astimezone(UTC)), UUID(id)
    except (ValueError, OverflowError) as error:
        raise BadInput("The page to show was not readable. Start from the list again.") from error


def _id(words: str) -> UUID:
    try:
        return UUID(words)
    except ValueError as error:
        raise BadInput("The choice was not readable. Start from the list again.") from error
