"""Credit that is asked for, given and refused by hand, as ready words: what waits, and what either answer does."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from portal.accounts.queries import white_label_account
from portal.kit.db import TenantSession
from portal.kit.refusals import NotFound
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from portal.operator.credit_requests import alone_minor
from portal.operator.models import CreditRequest
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import moment, money

SHOWN = 10


@dataclass(frozen=True)
class RequestLine:
    """Credit given, refused or waited for; `href` leads to where it is decided."""

    href: str
    amount: str
    reason: str
    state: str
    who: str


@dataclass(frozen=True)
class RequestPage:
    """A request that somebody decides; `is_own` says that it is not the reader's to decide.

    `answers` are what each answer does, while it waits, and `rule` why it takes a second person.
    """

    tenant: WhiteLabel
    request: CreditRequest
    rows: list[tuple[str, str]]
    title: str
    amount: str
    answers: list[str]
    rule: str
    is_own: bool


def request_lines(db: TenantSession, tenant: WhiteLabel) -> list[RequestLine]:
    """What waits first, then the newest."""
    wanted = select(CreditRequest).order_by(
        (CreditRequest.state == "waiting").desc(), CreditRequest.asked_at.desc(), CreditRequest.id.desc()
    )
    return [
        RequestLine(
            f"/operator/white-labels/{tenant.id}/credit-requests/{x.id}",
            _asked_words(x, tenant),
            x.reason,
            x.state,
            f"{x.asked_by}, {moment(x.asked_at, tenant)}; {_decided_words(x)}",
        )
        for x in db.scalars(wanted.limit(SHOWN))
    ]


def _decided_words(request: CreditRequest) -> str:
    if request.decided_by:
        return f"{request.state} by {request.decided_by}"
    return "somebody else decides" if request.state == "waiting" else "given alone"


def _asked_words(request: CreditRequest, tenant: WhiteLabel) -> str:
    if request.limit_minor is not None:
        return f"A credit limit of {money(request.limit_minor, tenant)}"
    return money(request.amount_minor, tenant)


def request_page_or_404(db: TenantSession, request_id: UUID, reader_id: UUID) -> RequestPage:
    request, tenant = db.load(CreditRequest, request_id), white_label(db)
    if request is None:
        raise NotFound
    amount, waits, is_own = _asked_words(request, tenant), request.state == "waiting", request.asked_by_id == reader_id
    rows = [("Asked by", f"{request.asked_by}, {moment(request.asked_at, tenant)}"), ("Reason", request.reason)]
    if request.decided_at is not None:
        decided = f"{request.decided_by}, {moment(request.decided_at, tenant)}"
        rows.append((f"{request.state.capitalize()} by", decided))
    return RequestPage(
        tenant=tenant,
        request=request,
        rows=[*rows, *_standing_rows(db, request, tenant)],
        title=f"{amount} for {tenant.name}{'?' if waits else ''}",
        amount=amount,
        answers=_answers(request, tenant) if waits and not is_own else [],
        rule=_rule(request, tenant, is_own=is_own) if waits else "",
        is_own=is_own,
    )


def _standing_rows(db: TenantSession, request: CreditRequest, tenant: WhiteLabel) -> list[tuple[str, str]]:
    """What the account stands at, and what it would after a yes."""
    balance = credit_minor(db, Book.WHOLESALE, request.account_id)
    rows = [("Balance now", money(balance, tenant))]
    if request.limit_minor is not None:
        rows.append(("Limit now", money(white_label_account(db).credit_limit_minor, tenant)))
    elif request.state == "waiting":
        rows.append(("Balance then", money(balance + request.amount_minor, tenant)))
    return rows


def _answers(request: CreditRequest, tenant: WhiteLabel) -> list[str]:
    if request.limit_minor is not None:
        gives = f"Set the limit: it is {money(request.limit_minor, tenant)} at once, and no money moves."
        refused = "the limit stays as it is"
    else:
        gives = f"Give it: {money(request.amount_minor, tenant)} goes to the white-label account at once."
        refused = "no money moves"
    return [
        f"{gives} Both your names stand on the trail.",
        f"Refuse: {refused}. {request.asked_by} reads here that you refused, and can ask again.",
    ]


def _rule(request: CreditRequest, tenant: WhiteLabel, *, is_own: bool) -> str:
    alone = money(alone_minor(), tenant)
    what = "A higher limit counts as credit. " if request.limit_minor is not None else ""
    rule = f"{what}Credit above {alone} within 24 hours takes two people, and nobody approves their own."
    return f"You asked for it, so somebody else decides. {rule} Until then no money moves." if is_own else rule
