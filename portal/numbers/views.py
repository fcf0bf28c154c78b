"""The numbers of an account, from either side: its white label's, or its own people's."""

from collections.abc import Mapping
from uuid import UUID

from flask import Blueprint, flash, redirect, request
from werkzeug.wrappers import Response

from portal.accounts.desks import desk_or_404
from portal.accounts.guards import account_members_only, account_or_administrator_only, my_own
from portal.accounts.lifecycle import Side
from portal.accounts.queries import held_customer_or_404
from portal.billing.flows import as_quoted
from portal.identity.guards import actor
from portal.kit.db import reading, transaction
from portal.kit.forms import AgreedForm, stripped
from portal.kit.refusals import BadInput, NotAllowed, Refusal
from portal.kit.slices import read_asked
from portal.kit.web import page
from portal.numbers import assigning, destinations, pages, quote_pages
from portal.numbers.e164 import international
from portal.numbers.forms import SearchForm, WhoseForm, read_id, read_search, whose_choices
from portal.numbers.letters import tell_payers
from portal.numbers.models import Number
from portal.numbers.rights import NumbersDesk
from portal.numbers.searching import free_countries

bp = Blueprint("numbers", __name__)

CUSTOMERS, ACCOUNT = {"side": Side.WHITE_LABEL}, {"side": Side.ACCOUNT}
MOST_CHOSEN = assigning.MOST_RESERVED


class NotSoMany(Refusal):
    status = 400
    heading = f"Choose 1 to {MOST_CHOSEN} numbers"


@bp.get("/account/numbers")
@account_members_only
def own() -> Response:
    """The numbers of one's own account; with several accounts, the list of them first."""
    return redirect(my_own("numbers"), 303)


@bp.get("/customers/<uuid:account_id>/numbers", defaults=CUSTOMERS)
@bp.get("/account/<uuid:account_id>/numbers", defaults=ACCOUNT)
@account_or_administrator_only
def index(side: Side, account_id: UUID) -> Response:
    desk = numbers_desk(side, account_id)
    with reading() as db:
        found = pages.numbers_page(db, desk, read_asked(request.args))
    return page("numbers/index.html", found=found, desk=desk)


@bp.get("/customers/<uuid:account_id>/numbers/search", defaults=CUSTOMERS)
@bp.get("/account/<uuid:account_id>/numbers/search", defaults=ACCOUNT)
@account_or_administrator_only
def search(side: Side, account_id: UUID) -> Response:
    """Free numbers to choose from."""
    desk, asked, found = numbers_desk(side, account_id, assigns=True), read_search(request.args), None
    with reading() as db:
        form = SearchForm(request.args, free_countries(db))
        if form.validate():
            found = pages.search_page(db, desk, asked)
    return page("numbers/search.html", found=found, desk=desk, form=form, most=MOST_CHOSEN)


@bp.post("/customers/<uuid:account_id>/numbers/reservations", defaults=CUSTOMERS)
@bp.post("/account/<uuid:account_id>/numbers/reservations", defaults=ACCOUNT)
@account_or_administrator_only
def reserve(side: Side, account_id: UUID) -> Response:
    """Keep the chosen numbers for ten minutes, all or none. Who comes too late goes back to the same search."""
    desk = numbers_desk(side, account_id, assigns=True)
    try:
        chosen = _chosen("chosen")
        with transaction() as db:
            assigning.reserve(db, held_customer_or_404(db, account_id), chosen, by=actor())
    except Refusal as refused:
        refused.ways = (("Back to the search", pages.search_href(desk, read_search(request.form))),)
        raise
    return redirect(f"{desk.base}/quote", 303)


@bp.post("/customers/<uuid:account_id>/numbers/reservations/<uuid:number_id>/return", defaults=CUSTOMERS)
@bp.post("/account/<uuid:account_id>/numbers/reservations/<uuid:number_id>/return", defaults=ACCOUNT)
@account_or_administrator_only
def give_back(side: Side, account_id: UUID, number_id: UUID) -> Response:
    desk = numbers_desk(side, account_id, assigns=True)
    with transaction() as db:
        was_reserved = assigning.give_back(db, held_customer_or_404(db, account_id), number_id)
        is_last = not assigning.reserved_for(db, account_id)
    if was_reserved:
        flash("The number is given back. No money moved.", "ok")
    else:
        flash("That number was not reserved for this account any more. No money moved.", "wait")
    return redirect(f"{desk.base}/search" if is_last else f"{desk.base}/quote", 303)


@bp.get("/customers/<uuid:account_id>/numbers/quote", defaults=CUSTOMERS)
@bp.get("/account/<uuid:account_id>/numbers/quote", defaults=ACCOUNT)
@account_or_administrator_only
def decide(side: Side, account_id: UUID) -> Response:
    """What is reserved, and what it will cost."""
    return _decide(numbers_desk(side, account_id, assigns=True))


@bp.post("/customers/<uuid:account_id>/numbers/quote", defaults=CUSTOMERS)
@bp.post("/account/<uuid:account_id>/numbers/quote", defaults=ACCOUNT)
@account_or_administrator_only
def assign(side: Side, account_id: UUID) -> Response:
    desk, form, chosen = numbers_desk(side, account_id, assigns=True), AgreedForm(), _chosen("number")
    agreed = agreed_minor(form)
    try:
        made = _assign(desk, chosen, agreed)
    except destinations.CannotGoThere as refused:
        return _decide(desk, refused.wrong)
    except (NotAllowed, assigning.EnoughForToday) as refused:
        refused.ways = desk.ways
        raise
    except (assigning.ReservationOver, assigning.AssignedAlready) as refused:
        refused.ways = (*desk.ways, ("Back to the search", f"{desk.base}/search"))
        raise
    flash(quote_pages.assigned_words(made, agreed), "ok")
    # One that needs an address is shown itself, where the way to enter it is.
    is_next = len(made) == 1 and made[0].needs_address
    return redirect(f"{desk.base}/{made[0].id}" if is_next else desk.base, 303)


@bp.get("/customers/<uuid:account_id>/numbers/<uuid:number_id>", defaults=CUSTOMERS)
@bp.get("/account/<uuid:account_id>/numbers/<uuid:number_id>", defaults=ACCOUNT)
@account_or_administrator_only
def show(side: Side, account_id: UUID, number_id: UUID) -> Response:
    desk = numbers_desk(side, account_id)
    with reading() as db:
        found = pages.number_page(db, desk, pages.number_or_404(db, desk, number_id))
    form = WhoseForm(found.people, data={"user": str(found.user_id or "")})
    return page("numbers/show.html", found=found, desk=desk, form=form)


@bp.post("/customers/<uuid:account_id>/numbers/<uuid:number_id>/user", defaults=CUSTOMERS)
@bp.post("/account/<uuid:account_id>/numbers/<uuid:number_id>/user", defaults=ACCOUNT)
@account_or_administrator_only
def set_user(side: Side, account_id: UUID, number_id: UUID) -> Response:
    desk = numbers_desk(side, account_id)
    refuse(desk.why_not_edit)
    with transaction() as db:
        account = held_customer_or_404(db, account_id)
        form = WhoseForm(pages.people_of(db, account_id))
        if not form.validate_on_submit():
            raise BadInput("Choose one of the account's people.")
        assigning.set_user(db, account, number_id, form.chosen, by=actor())
    flash("Whose number it is, is changed. No money moved.", "ok")
    return redirect(f"{desk.base}/{number_id}", 303)


@bp.get("/customers/<uuid:account_id>/numbers/<uuid:number_id>/release", defaults=CUSTOMERS)
@bp.get("/account/<uuid:account_id>/numbers/<uuid:number_id>/release", defaults=ACCOUNT)
@account_or_administrator_only
def release_page(side: Side, account_id: UUID, number_id: UUID) -> Response:
    """What giving a number up does, before it is done."""
    desk = numbers_desk(side, account_id)
    refuse(desk.why_not_release)
    with reading() as db:
        found = quote_pages.release_page(db, desk, pages.number_or_404(db, desk, number_id))
    return page("numbers/release.html", found=found, desk=desk)


@bp.post("/customers/<uuid:account_id>/numbers/<uuid:number_id>/release", defaults=CUSTOMERS)
@bp.post("/account/<uuid:account_id>/numbers/<uuid:number_id>/release", defaults=ACCOUNT)
@account_or_administrator_only
def release(side: Side, account_id: UUID, number_id: UUID) -> Response:
    desk = numbers_desk(side, account_id)
    refuse(desk.why_not_release)
    agreed = agreed_minor(AgreedForm())
    try:
        with as_quoted(account_id, desk.ways) as (db, account):
            refuse(desk.at(account).why_not_release)
            gone = assigning.release(db, account, number_id, agreed_minor=agreed, by=actor())
    except assigning.ReleasedAlready as refused:
        refused.ways = desk.ways
        raise
    flash(f"{international(gone.e164)} is released. {quote_pages.released_words(desk, agreed)}", "ok")
    return redirect(desk.base, 303)


def numbers_desk(side: Side, account_id: UUID, *, assigns: bool = False) -> NumbersDesk:
    """The account from one side. Raises NotAllowed for the other side's people, NotFound for a foreign account."""
    desk = NumbersDesk(desk_or_404(side, account_id))
    if assigns:
        refuse(desk.why_not_assign)
    return desk


def refuse(why: str) -> None:
    if why:
        raise NotAllowed(why)


def agreed_minor(form: AgreedForm) -> int:
    if not form.validate_on_submit() or form.agreed_minor is None:
        raise BadInput("Ask for the quote on the page, and confirm it there.")
    return form.agreed_minor


def _assign(desk: NumbersDesk, chosen: list[UUID], agreed: int) -> list[Number]:
    """The numbers with their charge, whose they are and where calls go: all of it, or none."""
    users, wanted = _whose(chosen), _wanted(chosen)
    with as_quoted(desk.account.id, desk.ways, adds_credit_at=desk.desk.adds_credit_at) as (db, account):
        present = desk.at(account)
        refuse(present.why_not_assign)
        made = assigning.assign(db, account, chosen, agreed_minor=agreed, by=actor(), users=users)
        destinations.route(db, present.desk, made, wanted, by=actor())
        tell_payers(db, account, made, agreed, by=actor())
    return made


def _decide(desk: NumbersDesk, wrong: Mapping[UUID, str] | None = None) -> Response:
    """The quote; when destinations are wrong, with what was sent, and why beside each."""
    with reading() as db:
        found = quote_pages.decide_page(db, desk, wrong or {})
    return page(
        "numbers/quote.html",
        status=422 if wrong else 200,
        found=found,
        desk=desk,
        agreed=found.quote.agreed if found.quote is not None else 0,
        whose=whose_choices(found.people),
        sent=request.form,
    )


def _chosen(field: str) -> list[UUID]:
    chosen = {read_id(words) for words in request.form.getlist(field)}
    if not chosen:
        raise NotSoMany("Choose numbers in the list first.")
    if len(chosen) > MOST_CHOSEN:
        raise NotSoMany(f"{len(chosen)} were chosen, and {MOST_CHOSEN} at most are taken at once.")
    return sorted(chosen)


def _whose(chosen: list[UUID]) -> dict[UUID, UUID]:
    named = {number_id: request.form.get(f"user_{number_id}", "") for number_id in chosen}
    return {number_id: read_id(words) for number_id, words in named.items() if words}


def _wanted(chosen: list[UUID]) -> dict[UUID, destinations.Wanted]:
    """Where calls are to go. What was typed counts, whatever was chosen beside it: nothing is dropped in silence."""
    sent = {id: (request.form.get(f"to_{id}", ""), request.form.get(f"to_{id}_outside", "")) for id in chosen}
    wanted = {id: destinations.Wanted(value, stripped(outside)) for id, (value, outside) in sent.items()}
    return {id: each for id, each in wanted.items() if each.value or each.outside}
