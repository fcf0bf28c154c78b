"""What the customer pages show, as ready words."""

from dataclasses import dataclass
from uuid import UUID

from portal.accounts.forms import PARTS
from portal.accounts.lifecycle import Administration, Role, State
from portal.accounts.models import Account
from portal.accounts.queries import addresses_of, contact_of, members_of, primary_user
from portal.activation.commands import is_ours_to_move
from portal.activation.pages import Row, invoice_rows
from portal.activation.queries import need_of
from portal.arrears.words import Notice, notice_of
from portal.billing.models import Charge
from portal.billing.queries import account_prices, available_minor, charges_of, each_month_of, first_invoice_of
from portal.billing.quoting import Row as QuotedRow, monthly_row
from portal.billing.words import retail_price, wholesale_price
from portal.customers.checklist import Step, checklist, next_steps
from portal.customers.progress import Blocker, Event, blocker_of, timeline
from portal.identity.models import User
from portal.kit.db import TenantSession
from portal.kit.world import show_domain
from portal.ledger.entry import Book
from portal.ledger.queries import credit_minor
from portal.letters.queries import latest_letter, letters_about
from portal.letters.words import letter_words
from portal.numbers.pages import number_rows
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import day, local_day, moment, money, short_day, span


@dataclass(frozen=True)
class LetterLine:
    subject: str
    to: str
    state: str
    when: str
    answer: str


@dataclass(frozen=True)
class ChargeLine:
    day: str
    what: str
    number: str
    amount: str


@dataclass(frozen=True)
class CustomerPage:
    account: Account
    user: User
    badge: str
    blocker: Blocker
    timeline: list[Event]
    contact: list[tuple[str, str]]
    people: list[tuple[str, str]]
    addresses: list[tuple[str, str]]
    plan: list[tuple[str, str]]
    payment: list[tuple[str, str]]
    numbers: list[tuple[str, str]]
    charges: list[ChargeLine]
    letters: list[LetterLine]
    can_resend: bool
    can_correct: bool
    answer: str
    """What a mail server said of the letter that came back and is waited for."""
    arrears: Notice | None
    checklist: list[Step]


@dataclass(frozen=True)
class CreatedPage:
    account: Account
    steps: list[Event]
    to_do: list[Step]


@dataclass(frozen=True)
class ActivationPage:
    account: Account
    invoice: list[Row]
    total: str
    before: str
    after: str
    shortage: str | None
    each_month: list[QuotedRow]
    each_month_from: str
    is_charged: bool
    agreed_minor: int


def customer_page(db: TenantSession, account: Account, reader: UUID) -> CustomerPage:
    user, blocker = primary_user(db, account.id), blocker_of(db, account)
    waits = account.is_run_by_customer and account.state == State.INACTIVE
    return CustomerPage(
        account=account,
        user=user,
        badge=blocker.badge or account.state,
        blocker=blocker,
        timeline=timeline(db, account, blocker),
        contact=_contact(db, account, user),
        people=[(u.display_name, Role(m.role).words) for m, u in members_of(db, account.id)],
        addresses=[(kind.capitalize(), place.words()) for kind, place in sorted(addresses_of(db, account.id).items())],
        plan=_plan(db, account),
        payment=_payment(db, account),
        numbers=number_rows(db, account),
        charges=charge_lines(db, account, Book.WHOLESALE),
        letters=letter_lines(db, account),
        can_resend=waits and not account.is_claimed,
        can_correct=_can_correct(db, account),
        answer=_answer(db, account) if blocker.act == "correct" else "",
        arrears=notice_of(db, account, to_staff=True),
        checklist=checklist(db, account, reader),
    )


def _answer(db: TenantSession, account: Account) -> str:
    letter = latest_letter(db, account.id, "activation" if account.is_run_by_customer else "welcome")
    return letter.last_answer or "" if letter is not None else ""


def _can_correct(db: TenantSession, account: Account) -> bool:
    """Once an Option 1 customer has taken the account over, the address is theirs to change."""
    if account.state == State.CLOSED or not is_ours_to_move(db, primary_user(db, account.id)):
        return False
    return not account.is_run_by_customer or (account.state == State.INACTIVE and not account.is_claimed)


def _contact(db: TenantSession, account: Account, user: User) -> list[tuple[str, str]]:
    contact = contact_of(db, account.id)
    return [
        (Administration(account.administration).contact_words, user.display_name),
        ("Login name", user.login_name),
        ("Letters to", user.email),
        ("Primary domain", show_domain(account.primary_domain)),
        ("General contact", contact.name or "Not given"),
        ("Telephone", contact.phone or "Not given"),
        ("General e-mail", contact.email or "Not given"),
        *_tax_rows(account),
    ]


def _tax_rows(account: Account) -> list[tuple[str, str]]:
    number = [("Tax number", account.tax_number)] if account.tax_number else []
    return [*number, ("No tax because", account.tax_exemption)] if account.tax_exemption else number


def details_of(db: TenantSession, account: Account) -> dict[str, str]:
    """What the form for them begins with."""
    contact = contact_of(db, account.id)
    return {
        "name": account.name,
        "primary_domain": show_domain(account.primary_domain),
        "contact_name": contact.name,
        "contact_phone": contact.phone,
        "contact_email": contact.email,
        "tax_number": account.tax_number or "",
        "tax_exemption": account.tax_exemption or "",
    }


def country_of(db: TenantSession, account: Account) -> str:
    return addresses_of(db, account.id)["business"].country


def addresses_for_form(db: TenantSession, account: Account) -> dict[str, str | bool]:
    places = addresses_of(db, account.id)
    found: dict[str, str | bool] = {"same_address": "service" not in places}
    for kind, prefix in (("business", ""), ("service", "service_")):
        if kind in places:
            found |= {f"{prefix}{part}": getattr(places[kind], part) for part in PARTS}
    return found


def _plan(db: TenantSession, account: Account) -> list[tuple[str, str]]:
    tenant = white_label(db)
    if account.plan_id is None:
        return []
    prices = account_prices(db, account)
    return [
        ("Plan", prices.name),
        ("Price", retail_price(prices, tenant)),
        ("Wholesale", wholesale_price(prices, tenant)),
        ("Starts", _start_words(account, tenant)),
    ]


def _start_words(account: Account, tenant: WhiteLabel) -> str:
    """The first day of the first period: the day of activation, or a later one that was wanted."""
    if account.activated_at is None:
        return f"On activation, not before {day(account.first_day, tenant)}" if account.first_day else "On activation"
    activated = local_day(account.activated_at, tenant)
    return day(max(activated, account.first_day or activated), tenant)


def _payment(db: TenantSession, account: Account) -> list[tuple[str, str]]:
    tenant = white_label(db)
    if account.is_run_by_customer:
        balance = credit_minor(db, Book.RETAIL, account.id)
        return [
            ("Set up by", "The customer (Option 1)"),
            ("Payer", "The customer, by card"),
            ("Administered by", "The customer"),
            ("Credit", money(balance, tenant)),
        ]
    return [
        ("Set up by", "You (Option 2)"),
        ("Payer", f"{tenant.name}, white-label account"),
        ("Administered by", f"{tenant.name}"),
    ]


def charge_lines(db: TenantSession, account: Account, book: Book) -> list[ChargeLine]:
    tenant = white_label(db)
    return [
        ChargeLine(short_day(c.day, tenant), charge_words(c, tenant), c.number, money(c.gross_minor, tenant))
        for c in charges_of(db, account.id, book, limit=24)
    ]


def charge_words(charge: Charge, tenant: WhiteLabel) -> str:
    if charge.first_day is None or charge.last_day is None:
        return charge.description
    return f"{charge.description}, {span(charge.first_day, charge.last_day, tenant)}"


def letter_lines(db: TenantSession, account: Account) -> list[LetterLine]:
    tenant = white_label(db)
    return [
        LetterLine(
            letter_words(letter.name),
            letter.to_address,
            letter.state,
            moment(letter.sent_at or letter.created_at, tenant),
            letter.last_answer or "",
        )
        for letter in letters_about(db, account.id)
    ]


def created_page(db: TenantSession, account: Account, reader: UUID) -> CreatedPage:
    """Right after the creation: what was done, and whose turn it is."""
    user, to_do = primary_user(db, account.id), next_steps(db, account, reader)
    done = Event("is-done", "plus", "The account exists and is inactive", ())
    is_charged = bool(first_invoice_of(db, account).lines)
    charged = "and the first charges are made" if is_charged else "and nothing is charged yet"
    last = Event("is-next", "check", f"The account is active, {charged}", ())
    if account.is_run_by_customer:
        mailed = Event("is-done", "mail", f"The activation letter goes to {user.email}", ())
        act = "pays by card" if need_of(db, account).missing_minor else "sets a password; there is nothing to pay"
        waits = Event("is-now", "clock", f"The customer opens the link and {act}", ("Nobody else can.",))
        return CreatedPage(account, [done, mailed, waits, last], to_do)
    set_up = ("Its people get the welcome letter then.",)
    waits = Event("is-now", "clock", "You activate it when it is set up", set_up)
    return CreatedPage(account, [done, waits, last], to_do)


def activation_page(db: TenantSession, account: Account) -> ActivationPage:
    """What activating would charge: the same invoice that the act itself charges."""
    tenant, invoice = white_label(db), first_invoice_of(db, account)
    available = available_minor(db)
    missing = invoice.wholesale_minor - available
    return ActivationPage(
        account,
        invoice_rows(invoice, tenant, retail=False),
        money(invoice.wholesale_minor, tenant),
        money(available, tenant),
        money(available - invoice.wholesale_minor, tenant),
        money(missing, tenant) if missing > 0 else None,
        [monthly_row(line, tenant, sees_retail=False) for line in each_month_of(db, account)],
        day(invoice.trial_ends, tenant) if invoice.trial_ends else "",
        bool(invoice.lines),
        invoice.wholesale_minor,
    )
