"""Taking the steps of a case, ending it when it is paid, and changing the rules."""

from datetime import date, timedelta
from typing import Any

from portal.accounts import commands as accounts
from portal.accounts.lifecycle import State
from portal.accounts.models import Account
from portal.accounts.queries import primary_user, white_label_account, white_label_staff
from portal.accounts.standstill import held_by, standstill_of
from portal.activation import commands as activation
from portal.arrears.models import ArrearsCase, ArrearsPolicy
from portal.arrears.queries import is_suspended_by, open_case, policy_of, rules_of
from portal.arrears.steps import Rules, Step, day_to_tell, next_step
from portal.audit.commands import SYSTEM, Actor, record
from portal.billing import commands as billing, credits
from portal.billing.outlook import outlook
from portal.billing.queries import available_minor
from portal.kit import jobs
from portal.kit.clock import now, today
from portal.kit.db import TenantSession
from portal.kit.settings import current
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from portal.letters import commands as letters
from portal.payments import commands as payments
from portal.payments.disputes import after_dispute
from portal.payments.models import Dispute, Funding
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import day, money

LETTERS = {
    Step.LOW: "credit-low",
    Step.OVERDUE: "overdue",
    Step.SUSPENDED: "suspended-unpaid",
    Step.CLOSED: "closed-unpaid",
}
STOPS = (Step.SUSPENDED, Step.CLOSED)
TELL_OPERATOR = "arrears.tell-operator"
UNPAID = "The credit ran out and was not paid"


def look_at(db: TenantSession, account: Account, *, is_low: bool) -> Step | None:
    """Take the step that is due for an account, or end its case. The caller holds the account's row."""
    case, now_day = open_case(db, account), today(white_label(db).time_zone)
    credit = credit_minor(db, Book.RETAIL, account.id)
    if case is not None and credit >= 0 and not (is_low and case.place.step is Step.LOW):
        end(db, account, case)
        return None
    if account.id in held_by(db, [account.id]):
        _wait(case)
        return None
    if case is not None and account.state == State.ACTIVE and case.place.step is Step.SUSPENDED:
        # Somebody made it active again although it owes: the days of grace begin anew, and are told anew.
        case.step, case.since, case.told, case.pause_id = Step.OVERDUE.value, now_day, None, None
    place = case.place if case is not None else None
    step = next_step(rules_of(db), place, owes=credit < 0, is_low=is_low, today=now_day)
    if step in STOPS and account.state == State.SUSPENDED and (case is None or not is_suspended_by(db, account, case)):
        # A person suspended it, and paying would not change that: nothing is announced that would not be true.
        return None
    if step is not None:
        _take(db, account, case, step, now_day)
    return step


def _wait(case: ArrearsCase | None) -> None:
    """The operator has all customers suspended: no letter says what would not be true. The days of grace are told anew
    when that is lifted."""
    if case is not None and case.place.step is Step.OVERDUE:
        case.told = None


def end(db: TenantSession, account: Account, case: ArrearsCase) -> None:
    """The account is in credit again. What the case suspended works again, unless the operator has all customers
    suspended; what a person suspended does not."""
    case.ended_on = today(white_label(db).time_zone)
    record(db, "arrears.ended", by=SYSTEM, subject=account.id)
    if is_suspended_by(db, account, case) and accounts.reactivate(db, account, by=SYSTEM):
        _write(db, account, "reactivated", None)


def listen() -> None:
    """Hear of money after activation has. Called once, when the house is put together."""
    payments.after_funding.append(after_money)
    if after_decision not in after_dispute:
        after_dispute.append(after_decision)
    if end_if_covered not in credits.after_giving_back:
        credits.after_giving_back.append(end_if_covered)
    if after_refusal not in billing.after_refused:
        billing.after_refused.append(after_refusal)
    if after_credit not in accounts.after_credit:
        accounts.after_credit.append(after_credit)


def after_money(db: TenantSession, funding: Funding) -> None:
    """Money arrived, which may be what a case waited for."""
    account = db.load(Account, funding.account_id)
    if account is not None:
        end_if_covered(db, account)


def after_decision(db: TenantSession, funding: Funding, dispute: Dispute, step: str) -> None:
    """What a dispute took may be back, and with it what a case waited for."""
    after_money(db, funding)


def end_if_covered(db: TenantSession, account: Account) -> None:
    """Money arrived, or a charge was given back: a customer's case ends in the same transaction if nothing is owed any
    more. The caller holds the account's row.

    One that was told that its credit runs low goes on while it still does: it is not told twice.
    """
    case = open_case(db, account)
    if case is None or account.kind == "white_label":
        return
    credit = credit_minor(db, Book.RETAIL, account.id)
    if credit >= 0 and not (case.place.step is Step.LOW and _is_low(db, account, credit)):
        end(db, account, case)


def _is_low(db: TenantSession, account: Account, credit: int) -> bool:
    until = today(white_label(db).time_zone) + timedelta(days=rules_of(db).low_days)
    covered_until = outlook(db, account, credit).covered_until
    return covered_until is not None and covered_until <= until


def look_at_white_label(db: TenantSession, account: Account, *, is_low: bool) -> None:
    """Warn once when the white-label account cannot cover what is coming, and once when its limit is passed.

    Its customers stay as they are.
    """
    db.locked(Account, account.id)
    case = open_case(db, account)
    now_day = today(white_label(db).time_zone)
    if available_minor(db) < 0:
        pass_limit(db, account)
    elif case is not None and not is_low:
        case.ended_on = now_day
    elif case is None and is_low:
        db.put(ArrearsCase(account_id=account.id, opened_on=now_day, step=Step.LOW.value, since=now_day))
        record(db, "arrears.white-label-low", by=SYSTEM, subject=account.id)
        _write_to_white_label(db, account, "white-label-low")
    after_credit(db, account)


def pass_limit(db: TenantSession, account: Account) -> None:
    """The white label's limit is passed, or stood in the way of a charge: its people and the operator are told.

    Once, until the account covers again what is coming. The caller holds the account's row.
    """
    case, now_day = open_case(db, account), today(white_label(db).time_zone)
    if case is not None and case.place.step is Step.OVERDUE:
        return
    if case is None:
        case = ArrearsCase(account_id=account.id, opened_on=now_day)
        db.add(case)
    case.step, case.since = Step.OVERDUE.value, now_day
    db.flush()
    record(db, "arrears.white-label-over", by=SYSTEM, subject=account.id)
    _write_to_white_label(db, account, "white-label-over")
    told = {"white_label": str(white_label(db).id), **_standing(db, account)}
    jobs.enqueue(db, TELL_OPERATOR, told, key=f"white-label-over:{case.id}")


def after_refusal(db: TenantSession) -> None:
    """A charge was refused for want of the white label's credit."""
    account = db.locked(Account, white_label_account(db).id)
    assert account is not None
    pass_limit(db, account)


def after_credit(db: TenantSession, account: Account) -> None:
    """Credit arrived, the limit is another, or a day went by: the operator's people hear once that a standstill could
    be lifted, if the white label was beyond its limit while it stood.

    Nothing is lifted by itself. The caller holds the account's row or its credit.
    """
    standstill = standstill_of(db)
    if standstill is None or standstill.told_at is not None:
        return
    if available_minor(db) < 0:
        standstill.beyond_at = standstill.beyond_at or now()
        return
    if standstill.beyond_at is None:
        # It stands for another reason, and credit does not change that.
        return
    standstill.told_at = now()
    told = {"white_label": str(white_label(db).id), "letter": "standstill-covered-notice", **_standing(db, account)}
    jobs.enqueue(db, TELL_OPERATOR, told, key=f"standstill-covered:{standstill.id}")


def write_to_white_label(db: TenantSession, name: str, **facts: Any) -> None:
    """Its administrators and finance get a letter with how the white-label account stands."""
    _write_to_white_label(db, white_label_account(db), name, **facts)


def _write_to_white_label(db: TenantSession, account: Account, name: str, **facts: Any) -> None:
    url = current().address(white_label(db).host, "/finance/charges")
    for person in [*white_label_staff(db, "administrator"), *white_label_staff(db, "finance")]:
        to = letters.Recipient(person.email, person.display_name)
        letters.write(db, name, to=to, about=account.id, url=url, **_standing(db, account), **facts)


def _standing(db: TenantSession, account: Account) -> dict[str, Any]:
    tenant = white_label(db)
    balance = money(credit_minor(db, Book.WHOLESALE, account.id), tenant)
    limit = money(account.credit_limit_minor, tenant)
    return {"balance": balance, "limit": limit, "is_stopped": tenant.customers_are_suspended}


def set_rules(db: TenantSession, rules: Rules, *, by: Actor) -> None:
    before = rules_of(db)
    policy = policy_of(db) or ArrearsPolicy()
    for name, days in vars(rules).items():
        setattr(policy, name, days)
    db.add(policy)
    if before != rules:
        record(db, "arrears.rules", by=by, before=vars(before), after=vars(rules))


def _take(db: TenantSession, account: Account, case: ArrearsCase | None, step: Step, now_day: date) -> None:
    if case is None:
        case = ArrearsCase(account_id=account.id, opened_on=now_day)
        db.add(case)
    if case.step != step:
        case.step, case.since = step.value, now_day
    case.told = day_to_tell(rules_of(db), step, now_day)
    unpaid = -credit_minor(db, Book.RETAIL, account.id)
    if step is Step.SUSPENDED and account.state == State.ACTIVE:
        case.pause_id = accounts.suspend(db, account, reason=UNPAID, by=SYSTEM).id
    elif step is Step.CLOSED:
        activation.cancel(db, account, reason=UNPAID, by=SYSTEM)
    record(db, f"arrears.{step.value}", by=SYSTEM, subject=account.id)
    db.flush()
    _write(db, account, LETTERS[step], case.told, unpaid=unpaid)


def _write(db: TenantSession, account: Account, name: str, ends: date | None, *, unpaid: int = 0) -> None:
    """`unpaid` is what was owed before the step: a closing charges what was used, which the letter says, too."""
    tenant, user = white_label(db), primary_user(db, account.id)
    credit = credit_minor(db, Book.RETAIL, account.id)
    letters.write(
        db,
        name,
        to=letters.Recipient(user.email, user.display_name),
        about=account.id,
        organisation=account.name,
        account_number=account.number,
        balance=money(credit, tenant),
        owed=money(max(0, -credit), tenant),
        unpaid=money(max(0, unpaid), tenant),
        used=money(-credit - unpaid, tenant) if name == LETTERS[Step.CLOSED] and -credit > unpaid else "",
        ends=day(ends, tenant) if ends else "",
        url=current().address(
            tenant.host, f"/account/{account.id}" + ("" if name == LETTERS[Step.CLOSED] else "/credit")
        ),
    )
