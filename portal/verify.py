"""Proof on demand that the books are right: every invariant marked v is recomputed from the rows themselves."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, exists, func, literal, or_, select
from sqlalchemy.orm import aliased

from portal.accounts.models import Account, Standstill
from portal.activation.models import ActivationLink
from portal.billing.models import Charge, ChargeTotal
from portal.billing.proof import wrong_periods
from portal.kit.clock import now
from portal.kit.db import PLATFORM, TenantSession, reading
from portal.kit.findings import Finding
from portal.kit.jobs import MAX_TRIES, Job
from portal.ledger import entry
from portal.ledger.models import JournalEntry, JournalLine, LedgerAccount
from portal.letters.models import Letter
from portal.numbers import proofs as numbers
from portal.payments.models import OPEN_STATES, Dispute, Funding, GatewayRefund
from portal.statements import proofs as statements
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_labels

SHOWN = 20
UNKNOWN_FOR = timedelta(hours=1, minutes=5)
LATE_BY = timedelta(hours=6)
CAUSES = ("funding", "refund", "dispute", "fee", "charge", "grant")

Booked = tuple[str, dict[str, int]]


Check = Callable[[TenantSession], Finding]


def verify() -> list[Finding]:
    """Run every check on one consistent view of all tenants; periods on one of each."""
    with reading(PLATFORM) as db:
        found = [check(db) for check in CHECKS]
    return [*found, periods_tile()]


def entries_balance(db: TenantSession) -> Finding:
    """I1: every entry sums to zero within one book, has two lines or more, and a cause that another check looks at."""
    total, lines = func.coalesce(func.sum(JournalLine.amount_minor), 0), func.count(JournalLine.position)
    grouped = (
        select(JournalEntry.source, total, lines)
        .outerjoin(JournalLine, _same(JournalLine.entry_id, JournalEntry))
        .group_by(JournalEntry.white_label_id, JournalEntry.id, JournalEntry.source)
        .having(or_(total != 0, lines < 2))
    )
    wrong = [f"entry {source} sums to {total} over {lines} lines" for source, total, lines in db.execute(grouped)]
    strange = select(JournalEntry.source).where(*(~JournalEntry.source.like(f"{kind}:%") for kind in CAUSES))
    wrong += [f"entry {source} has no cause that is known" for source in db.scalars(strange)]
    return Finding("entries", _count(db, JournalEntry.id), wrong)


def balances_hold(db: TenantSession) -> Finding:
    """I3: each maintained balance is the sum of its lines."""
    grouped = (
        select(
            LedgerAccount.book,
            LedgerAccount.code,
            LedgerAccount.balance_minor,
            LedgerAccount.lines,
            func.coalesce(func.sum(JournalLine.amount_minor), 0),
            func.count(JournalLine.position),
        )
        .outerjoin(JournalLine, _same(JournalLine.ledger_account_id, LedgerAccount))
        .group_by(
            LedgerAccount.white_label_id,
            LedgerAccount.id,
            LedgerAccount.book,
            LedgerAccount.code,
            LedgerAccount.balance_minor,
            LedgerAccount.lines,
        )
    )
    rows = db.execute(grouped).all()
    wrong = [
        f"{book} {code}: the balance says {balance} over {lines} lines, the lines say {total} over {count}"
        for book, code, balance, lines, total, count in rows
        if (balance, lines) != (total, count)
    ]
    return Finding("balances", len(rows), wrong)


def totals_hold(db: TenantSession) -> Finding:
    """I3 for finance: each maintained monthly total is the sum of its charges, and every charge is in one."""
    wrong = []
    summed: dict[tuple[Any, ...], list[int]] = {}
    columns = (Charge.white_label_id, Charge.book, Charge.day, Charge.account_id)
    for tenant, book, day, account, *values in db.execute(
        select(*columns, Charge.net_minor, Charge.tax_minor, Charge.retail_memo_minor)
    ):
        sums = summed.setdefault((tenant, book, day.replace(day=1), account), [0, 0, 0, 0])
        for n, value in enumerate((1, *values)):
            sums[n] += value
    for total in db.scalars(select(ChargeTotal)):
        key = (total.white_label_id, total.book, total.month, total.account_id)
        kept = [total.charges, total.net_minor, total.tax_minor, total.retail_memo_minor]
        if summed.pop(key, [0, 0, 0, 0]) != kept:
            wrong.append(f"total {total.book} {total.month:%Y-%m} of {total.account_id} is not the sum of its charges")
    wrong += [f"total {book} {month:%Y-%m} of {account} is missing" for _, book, month, account in summed]
    return Finding("monthly totals", _count(db, ChargeTotal.month), wrong)


def fundings_are_booked(db: TenantSession) -> Finding:
    """I4: one entry with the right lines for each funding that succeeded, and none for any other."""
    wrong = []
    booked = _booked(db, "funding:%")
    for f in db.scalars(select(Funding)):
        source = f"funding:{f.id}"
        shown = booked.pop((f.white_label_id, source), None)
        wanted = entry.funding(source, f.account_id, f.amount_minor, f.currency) if f.state == "succeeded" else None
        if shown != _as_booked(wanted):
            wrong.append(f"funding {f.reference} is {f.state} with {f.amount_minor}, the books say {_words(shown)}")
    wrong += [f"entry {source} has no funding" for _, source in booked]
    return Finding("fundings", _count(db, Funding.id), wrong)


def refunds_are_booked(db: TenantSession) -> Finding:
    """I4: one entry for each refund that succeeded, undone by another when it failed later; none above its funding."""
    wrong = []
    booked, paid_back = _booked(db, "refund:%"), Counter[tuple[Any, Any]]()
    rows = db.execute(select(GatewayRefund, Funding).join(Funding, _same(GatewayRefund.funding_id, Funding)))
    for refund, funding in rows:
        if refund.amount_minor <= 0:
            wrong.append(f"refund {refund.gateway_id or refund.id} is of {refund.amount_minor}")
            continue
        source = f"refund:{refund.gateway_id}"
        back = entry.refund(source, funding.account_id, refund.amount_minor, funding.currency)
        undone = entry.funding(f"{source}:reversed", funding.account_id, refund.amount_minor, funding.currency)
        shown = [booked.pop((refund.white_label_id, each.source), None) for each in (back, undone)]
        wanted = [_as_booked(back), None] if refund.state == "succeeded" else [None, None]
        was_undone = refund.state == "failed" and shown == [_as_booked(back), _as_booked(undone)]
        if shown != wanted and not was_undone:
            wrong.append(f"refund {refund.gateway_id or refund.id} is {refund.state}, the books say {_words(shown[0])}")
        if refund.state == "succeeded":
            paid_back[funding.white_label_id, funding.id] += refund.amount_minor
            if paid_back[funding.white_label_id, funding.id] > funding.amount_minor:
                wrong.append(f"refund {refund.gateway_id} gives back more than funding {funding.reference} brought")
    wrong += [f"entry {source} has no refund" for _, source in booked]
    return Finding("refunds", _count(db, GatewayRefund.id), wrong)


def disputes_are_booked(db: TenantSession) -> Finding:
    """I4: one entry for each dispute that took money, another where it came back, and none for a mere inquiry."""
    wrong, booked = [], _booked(db, "dispute:%")
    rows = db.execute(select(Dispute, Funding).join(Funding, _same(Dispute.funding_id, Funding)))
    for dispute, funding in rows:
        source, amount = f"dispute:{dispute.gateway_id}", dispute.amount_minor
        taken = entry.dispute(source, funding.account_id, amount, funding.currency) if dispute.taken_at else None
        returned, back = f"{source}:returned", None
        if dispute.returned_at is not None and dispute.returned_minor:
            back = entry.dispute(returned, funding.account_id, -dispute.returned_minor, funding.currency)
        wanted = [_as_booked(taken), _as_booked(back)]
        shown = [booked.pop((dispute.white_label_id, each), None) for each in (source, returned)]
        if shown != wanted:
            wrong.append(f"dispute {dispute.gateway_id} is {dispute.state}, the books say {_words(shown[0])}")
    wrong += [f"entry {source} has no dispute" for _, source in booked]
    return Finding("disputes", _count(db, Dispute.id), wrong)


def charges_are_booked(db: TenantSession) -> Finding:
    """I5, I12: each charge has its entry with the same figures, and no charge of Option 2 debits the customer."""
    wrong = []
    customer, payer = aliased(Account), aliased(Account)
    booked = _booked(db, "charge:%")
    rows = db.execute(
        select(Charge, customer, payer)
        .join(customer, and_(customer.white_label_id == Charge.white_label_id, customer.id == Charge.account_id))
        .join(payer, and_(payer.white_label_id == Charge.white_label_id, payer.id == Charge.payer_id))
    )
    checked = 0
    for charge, on_behalf_of, paid_by in rows:
        checked += 1
        source = f"charge:{charge.account_id}:{charge.item}:{charge.period_key}:{charge.book}"
        shown = booked.pop((charge.white_label_id, source), None)
        if shown != _as_booked(_entry_of(charge, source)):
            wrong.append(f"charge {charge.number} is {charge.gross_minor}, the books say {_words(shown)}")
        wrong += _wrong_payer(charge, on_behalf_of, paid_by)
    wrong += [f"entry {source} has no charge" for _, source in booked]
    return Finding("charges", checked, wrong)


def _entry_of(charge: Charge, source: str) -> entry.Entry | None:
    if not charge.gross_minor:
        return None
    return entry.charge(
        entry.Book(charge.book),
        source,
        charge.payer_id,
        net_minor=charge.net_minor,
        tax_minor=charge.tax_minor,
        currency=charge.currency,
        description=charge.description,
    )


def _wrong_payer(charge: Charge, customer: Account, payer: Account) -> Iterator[str]:
    if charge.book == "retail" and not (payer.id == customer.id and customer.is_run_by_customer):
        yield f"charge {charge.number} debits a customer who does not pay"
    if charge.book == "wholesale" and payer.kind != "white_label":
        yield f"charge {charge.number} debits a customer at wholesale"


def periods_tile() -> Finding:
    """I5: what each subscription was charged is what is worked out anew, tenant by tenant: no gap, no overlap."""
    with reading(PLATFORM) as db:
        tenants = white_labels(db)
    checked = 0
    wrong: list[str] = []
    for tenant in tenants:
        with reading(tenant.id) as db:
            count, differences = wrong_periods(db)
        checked, wrong = checked + count, wrong + differences
    return Finding("periods", checked, wrong)


def accounts_became_active_rightly(db: TenantSession) -> Finding:
    """I9: an Option 1 account that was activated has a redeemed link, and was never charged while inactive."""
    redeemed = exists().where(
        ActivationLink.white_label_id == Account.white_label_id,
        ActivationLink.account_id == Account.id,
        ActivationLink.used_at.is_not(None),
    )
    alone = select(Account).where(
        Account.kind == "customer", Account.administration == "customer", _is_open(Account), ~redeemed
    )
    wrong = [f"account {a.number} is active without a redeemed link" for a in db.scalars(alone)]
    charged = exists().where(Charge.white_label_id == Account.white_label_id, Charge.account_id == Account.id)
    unmarked = select(Account).where(Account.state.in_(("active", "suspended")), Account.activated_at.is_(None))
    wrong += [f"account {a.number} is {a.state} and was never activated" for a in db.scalars(unmarked)]
    early = select(Account).where(Account.kind == "customer", Account.activated_at.is_(None), charged)
    wrong += [f"account {a.number} was charged without being active" for a in db.scalars(early)]
    return Finding("accounts", _count(db, Account.id), wrong)


def standstills_hold(db: TenantSession) -> Finding:
    """While the operator has all customers of a white label suspended, none of them works; and both places agree."""
    standing = select(Standstill).where(Standstill.lifted_at.is_(None))
    reached = {each.white_label_id for each in db.scalars(standing) if each.reached_all_at is not None}
    working = select(Account).where(Account.kind == "customer", Account.state == "active")
    wrong = [
        f"account {account.number} is active, and the operator has all customers suspended"
        for account in db.scalars(working.where(Account.white_label_id.in_(reached)))
    ]
    tenants = {each.white_label_id for each in db.scalars(standing)}
    marked = select(WhiteLabel).where(WhiteLabel.customers_suspended_at.is_not(None))
    for white_label_id in tenants ^ {each.id for each in db.scalars(marked)}:
        wrong.append(f"white label {white_label_id} is suspended in one place and not in the other")
    return Finding("standstills", _count(db, Standstill.id), wrong)


def _is_open(account: type[Account]) -> ColumnElement[bool]:
    return or_(account.activated_at.is_not(None), account.state.in_(("active", "suspended")))


def letters_end(db: TenantSession) -> Finding:
    """I10: each letter is sent, failed visibly, withdrawn, or still has a job that will deliver it."""
    job = exists().where(Job.name == "letters.deliver", Job.state == "due", _payload_names(Letter.id))
    lost = select(Letter).where(Letter.state == "queued", ~job)
    wrong = [f"letter {x.id} to {x.to_address} waits for nobody" for x in db.scalars(lost)]
    return Finding("letters", _count(db, Letter.id), wrong)


def _payload_names(column: Any) -> Any:
    # The id is stored with dashes in the payload, and without them by SQLite's uuid type.
    return func.replace(cast(Job.payload, Text), "-", "").like(
        literal("%") + func.replace(cast(column, Text), "-", "") + literal("%")
    )


def jobs_end(db: TenantSession) -> Finding:
    """I10: each job is done, failed visibly, or due within its back-off."""
    stuck = select(Job).where(Job.state == "due", or_(Job.due_at < now() - LATE_BY, Job.tries > MAX_TRIES))
    wrong = [f"job {j.name} {j.id} should have run at {j.due_at}" for j in db.scalars(stuck)]
    return Finding("jobs", _count(db, Job.id), wrong)


def nothing_stays_unknown(db: TenantSession) -> Finding:
    """I11: no funding is unknown for more than an hour without being flagged."""
    old = select(Funding).where(
        Funding.state == "unknown",
        Funding.created_at < now() - UNKNOWN_FOR,
        or_(Funding.last_problem.is_(None), ~Funding.last_problem.startswith("flagged")),
    )
    open_ones = db.scalar(select(func.count(Funding.id)).where(Funding.state.in_(OPEN_STATES))) or 0
    wrong = [f"funding {f.reference} is unknown and not flagged" for f in db.scalars(old)]
    return Finding("open fundings", open_ones, wrong)


def _same(column: Any, model: Any) -> Any:
    """A join on a tenant's composite key."""
    return and_(column == model.id, column.class_.white_label_id == model.white_label_id)


def _booked(db: TenantSession, like: str) -> dict[tuple[Any, str], Booked]:
    """The book and the lines of each entry whose source looks like this, by tenant and source."""
    wanted = (
        select(
            JournalEntry.white_label_id,
            JournalEntry.source,
            JournalEntry.book,
            LedgerAccount.code,
            JournalLine.amount_minor,
        )
        .join(JournalLine, _same(JournalLine.entry_id, JournalEntry))
        .join(LedgerAccount, _same(JournalLine.ledger_account_id, LedgerAccount))
        .where(JournalEntry.source.like(like))
    )
    found: dict[tuple[Any, str], Booked] = {}
    for tenant, source, book, code, amount in db.execute(wanted):
        _, lines = found.setdefault((tenant, source), (book, {}))
        lines[code] = lines.get(code, 0) + amount
    return found


def _as_booked(wanted: entry.Entry | None) -> Booked | None:
    return (wanted.book.value, {line.code: line.amount_minor for line in wanted.lines}) if wanted is not None else None


def _words(shown: Booked | None) -> str:
    if shown is None:
        return "nothing"
    book, lines = shown
    return f"{book}: " + ", ".join(f"{code} {amount}" for code, amount in sorted(lines.items()))


def _count(db: TenantSession, column: Any) -> int:
    return db.scalar(select(func.count(column))) or 0


CHECKS: tuple[Check, ...] = (
    entries_balance,
    balances_hold,
    fundings_are_booked,
    refunds_are_booked,
    disputes_are_booked,
    charges_are_booked,
    totals_hold,
    accounts_became_active_rightly,
    standstills_hold,
    letters_end,
    jobs_end,
    nothing_stays_unknown,
    *statements.CHECKS,
    *numbers.CHECKS,
)
