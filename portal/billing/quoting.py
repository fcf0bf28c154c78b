"""Changes in words before they are made: what is charged and given back at once, and what each period costs then."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from portal.accounts.models import Account, Subscription
from portal.billing.changes import Change, due_minor, needed_minor, to_agree_minor
from portal.billing.covering import not_covered
from portal.billing.outlook import charged_by
from portal.billing.pricing import PricedLine, Side
from portal.billing.wishes import When
from portal.billing.words import span
from portal.catalogue.models import Plan
from portal.kit.db import TenantSession
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import day, money


@dataclass(frozen=True)
class Row:
    label: str
    amount: str
    note: str = ""


@dataclass(frozen=True)
class QuotePage:
    """`agreed` is what the payer agrees to (see `to_agree_minor`) and `due` what is debited at once, in minor units.
    `missing` is what the customer's credit lacks.

    `begins` are the lines of what a change for the next period charges when it begins, where that is more than the
    period, and `begins_label` and `agreed_words` their sum. `credit_then` is what the customer's credit is afterwards,
    where it changes. `short` says that the credit will not cover a change for the next period on its day, as far as it
    is known, and `short_by` what to do: it is not refused. `uncovered` says that it would be refused for want of the
    white label's own credit, and `uncovered_by` what to do. `item` is the name under which the first change will be
    charged: a form that was sent twice names an old one. `off` says what is switched off, and when; empty where
    something goes on.
    """

    rows: list[Row]
    total_label: str
    total: str
    later: str
    starts: str
    agreed: int
    due: int
    item: str
    missing: str | None
    credit_then: str | None
    begins: list[Row]
    begins_label: str
    agreed_words: str
    short: str = ""
    short_by: str = ""
    uncovered: str = ""
    uncovered_by: str = ""
    off: str = ""


def quote_page(
    db: TenantSession,
    account: Account,
    changes: Sequence[Change],
    *,
    sees_retail: bool,
    to_white_label: bool = False,
) -> QuotePage:
    """What changes do together, line by line, as their payer is debited. Only `to_white_label` it says how far the
    white label's own credit falls short."""
    tenant = white_label(db)
    due = sum(due_minor(account, change) for change in changes)
    credit = credit_minor(db, Book.RETAIL, account.id)
    missing = due - credit if sees_retail else 0
    lines = [line for change in changes for line in change.now.lines]
    agreed = sum(to_agree_minor(account, change) for change in changes)
    uncovered = _uncovered(db, changes, to_white_label=to_white_label)
    short = _short(db, account, changes[0], credit) if sees_retail and len(changes) == 1 else ("", "")
    return QuotePage(
        rows=[quoted_row(line, tenant, sees_retail=sees_retail) for line in lines],
        total_label="Charged now" if due >= 0 else "Given back now",
        total=money(abs(due), tenant),
        later=_later(changes, tenant, sees_retail=sees_retail),
        starts=day(changes[0].day, tenant),
        agreed=agreed,
        due=due,
        item=changes[0].item,
        missing=money(missing, tenant) if missing > 0 and due > 0 else None,
        credit_then=money(credit - due, tenant) if sees_retail and due else None,
        begins=[quoted_row(line, tenant, sees_retail=sees_retail) for line in _with_set_up(changes)],
        begins_label=f"Charged on {day(changes[0].day, tenant)}",
        agreed_words=money(agreed, tenant),
        short=short[0],
        short_by=short[1],
        uncovered=uncovered[0],
        uncovered_by=uncovered[1],
        off=_off(changes, tenant),
    )


def _off(changes: Sequence[Change], tenant: WhiteLabel) -> str:
    """`Seat × 3 is switched off on 2 December 2026. Until then it stays as it is.`"""
    return " ".join(_off_words(c, c.ends, tenant) for c in changes if c.ends is not None and not c.wish.quantity)


def _off_words(change: Change, ends: Subscription, tenant: WhiteLabel) -> str:
    name = change.wish.product.name if ends.quantity == 1 else f"{change.wish.product.name} × {ends.quantity}"
    if change.wish.when is When.NOW:
        return f"{name} is switched off today."
    if ends.from_day >= change.day:
        return f"{name}, which was to begin on {day(change.day, tenant)}, is not switched on."
    return f"{name} is switched off on {day(change.day, tenant)}. Until then it stays as it is."


def _uncovered(db: TenantSession, changes: Sequence[Change], *, to_white_label: bool) -> tuple[str, str]:
    """How the changes would be refused for want of the white label's own credit; empty when they would not."""
    refused = not_covered(db, needed_minor(changes))
    if refused is None:
        return "", ""
    return refused.own_words if to_white_label else (refused.heading, f"{refused.moved} {refused.text}")


def _short(db: TenantSession, account: Account, change: Change, credit: int) -> tuple[str, str]:
    """What is missing on the day of a change for the next period, and how to have it by then; empty when nothing is."""
    due = charged_by(db, account, change) if change.first_period is not None else 0
    if due <= max(0, credit):
        return "", ""
    tenant = white_label(db)
    on, missing = day(change.day, tenant), money(due - credit, tenant)
    says = f"Your credit is {money(credit, tenant)} today. With what you have, {money(due, tenant)} is charged by then."
    return f"Your credit will not cover this on {on}", f"{says} Add {missing} before that day. It can be confirmed now."


def _with_set_up(changes: Sequence[Change]) -> list[PricedLine]:
    """What changes for the next period charge as they begin; nothing when none of them sets anything up."""
    if not any(change.first_setup for change in changes):
        return []
    return [line for change in changes for line in (change.first_setup, change.first_period) if line is not None]


def quoted_row(line: PricedLine, tenant: WhiteLabel, *, sees_retail: bool) -> Row:
    side = _side(line, sees_retail)
    note = _tax_of(side, tenant)
    if line.period is not None:
        last = line.period.next_first_day - timedelta(days=1)
        days = f"{day(line.period.first_day, tenant)} to {day(last, tenant)}"
        note = f"{days}, {note}" if note else days
    return Row(line.description, money(side.gross_minor, tenant), note)


def monthly_row(line: PricedLine, tenant: WhiteLabel, *, sees_retail: bool) -> Row:
    """The line of a whole month, as one that comes again and again."""
    side = _side(line, sees_retail)
    note = ", ".join(filter(None, ("each month", _tax_of(side, tenant))))
    return Row(line.description, money(side.gross_minor, tenant), note)


def tax_words(ppm: int, tenant: WhiteLabel) -> str:
    return f"with {tenant.tax_name}" if ppm else f"no {tenant.tax_name}"


def _later(changes: Sequence[Change], tenant: WhiteLabel, *, sees_retail: bool) -> str:
    """The first period of a change for the next one, where it differs, and what each whole period costs then."""
    sides = [_side(change.each_period, sees_retail) for change in changes if change.each_period is not None]
    if not sides:
        return ""
    months = next((c.wish.product.months for c in changes if isinstance(c.wish.product, Plan)), 1)
    each, each_tax = _summed(sides)
    words = f"{money(each, tenant)} each {span(months)}{_taxed(each, each_tax, tenant)}."
    is_held = not each and all(change.comes_with_plan for change in changes)
    begins = [change.first_period for change in changes if change.first_period is not None]
    first, first_tax = _summed([_side(line, sees_retail) for line in begins]) if begins else (0, 0)
    if is_held and not first:
        return "At no further charge: it comes with the plan."
    if not begins:
        return f"Then {words}"
    if (first, first_tax) == (each, each_tax):
        return words
    period = begins[0].period
    assert period is not None
    until = day(period.last_day, tenant)
    then = "Then it comes with the plan." if is_held else f"Then {words}"
    return f"First {money(first, tenant)} up to {until}{_taxed(first, first_tax, tenant)}. {then}"


def _summed(sides: Sequence[Side]) -> tuple[int, int]:
    """With tax, and the highest rate of it. Of nothing there is no tax: it is the same at every rate."""
    gross_minor = sum(side.gross_minor for side in sides)
    return gross_minor, max(side.tax_ppm for side in sides) if gross_minor else 0


def _taxed(gross_minor: int, ppm: int, tenant: WhiteLabel) -> str:
    return f", {tax_words(ppm, tenant)}" if gross_minor else ""


def _tax_of(side: Side, tenant: WhiteLabel) -> str:
    return tax_words(side.tax_ppm, tenant) if side.gross_minor else ""


def _side(line: PricedLine, sees_retail: bool) -> Side:
    return line.retail if sees_retail else line.wholesale
