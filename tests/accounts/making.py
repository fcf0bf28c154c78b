"""White labels, plans, customers and payments for a test, made by the product's own commands."""

from dataclasses import replace
from datetime import date

from portal.accounts.commands import NewCustomer, add_member, give_credit, open_customer_account
from portal.accounts.lifecycle import Administration, Role
from portal.accounts.models import Account
from portal.accounts.queries import primary_user, white_label_account
from portal.activation.commands import activate_as_administrator, listen, redeem, send_link
from portal.activation.queries import latest_link
from portal.arrears import commands as arrears
from portal.audit.commands import COMMAND_LINE
from portal.billing.period import nth_period
from portal.billing.subscriptions import bill
from portal.catalogue.models import Plan
from portal.identity.commands import add_user
from portal.kit.db import TenantSession, transaction
from portal.kit.ids import new_id
from portal.kit.money import Money
from portal.operator.commands import Brand, Business, NewPlan, add_plan, create_white_label
from portal.payments.commands import open_funding, settle
from portal.payments.gateway import Seen
from portal.payments.models import Funding
from portal.whitelabels.models import GatewayCredential
from portal.whitelabels.queries import white_label
from tests.cast import PASSWORD, Company, new_customer

OPTION_1, OPTION_2 = Administration.CUSTOMER, Administration.WHITE_LABEL

PLACES = {
    "JPY": ("JP", "Asia/Tokyo", "ja_JP"), "KWD": ("KW", "Asia/Kuwait", "en_AE"),
    "GBP": ("GB", "Europe/London", "en_GB"),
}


def white_label_in(currency: str, host: str, *, credit_minor: int = 0, wholesale_tax_ppm: int = 0) -> Company:
    """Another white label, with so much credit and no plans."""
    country, zone, locale = PLACES[currency]
    brand = Brand(f"{host.partition('.')[0].capitalize()} Phones", host, "Phones Limited", f"help@{host}")
    business = Business(currency, country, zone, locale, "Tax", wholesale_tax_ppm, "Be kind.")
    with transaction(new_id()) as db:
        made = create_white_label(db, brand, business, by=COMMAND_LINE)
        account = white_label_account(db)
        if credit_minor:
            give_credit(db, account, credit_minor, request_id=new_id(), reason="Opening", by=COMMAND_LINE)
    return Company(made.id, host, made.name, currency, account.id)


def plan(db: TenantSession, code: str = "plan", **prices: int) -> Plan:
    """A plan of which only the prices matter; what is not said costs nothing."""
    wanted = {"retail_minor": 0, "wholesale_minor": 0, "tax_ppm": 0, **prices}
    return add_plan(db, NewPlan(code, f"Plan {code}", "For tests", **wanted), by=COMMAND_LINE)


def customer(
    db: TenantSession, plan_id: object, administration: Administration = OPTION_2, *, name: str = "Birch Dental",
    first_day: date | None = None, send_letters: bool = True,
) -> Account:
    """An inactive customer account with its primary user; Option 1 gets its letter, too."""
    new: NewCustomer = replace(
        new_customer(name, plan_id, administration), first_day=first_day, send_letters=send_letters)  # type: ignore[arg-type]
    account = open_customer_account(db, new, by=COMMAND_LINE)
    login = f"office-{account.number}@{new.primary_domain}"
    user = add_user(db, login_name=login, display_name=f"Owner of {name}", email=login)
    add_member(db, account, user, Role.ADMINISTRATOR, is_primary=True)
    if account.is_run_by_customer:
        send_link(db, account, by=COMMAND_LINE)
    return account


def charge_month(db: TenantSession, account: Account, n: int) -> None:
    """Bill an active account through the first day of its n-th period."""
    assert account.cycle_anchor is not None
    bill(db, [account], nth_period(account.cycle_anchor, n, account.billing_day).first_day)


def claim(db: TenantSession, account: Account) -> None:
    """The customer of Option 1 chooses a password and accepts the terms."""
    link = latest_link(db, account.id)
    assert link is not None
    redeem(db, link.id, password=PASSWORD, accepts_terms=True, from_address="127.0.0.1")


def start_payment(db: TenantSession, account: Account, amount_minor: int) -> Funding:
    credential = GatewayCredential(id=new_id(), gateway_account="acct_tests", livemode=False)
    amount = Money(amount_minor, white_label(db).currency)
    return open_funding(db, account, amount, credential, user_id=primary_user(db, account.id).id)


def seen(funding: Funding, **differing: object) -> Seen:
    """What the gateway says of a card page on which nothing has happened yet, but for what differs."""
    as_made = Seen(
        session=f"cs_test_{funding.id.hex}", url="http://127.0.0.1:9/pay", status="open", paid=False,
        amount_minor=funding.amount_minor, currency=funding.currency, livemode=False, funding_id=str(funding.id),
        intent=f"pi_{funding.id.hex}")
    return replace(as_made, **differing)  # type: ignore[arg-type]


def pay(db: TenantSession, account: Account, amount_minor: int) -> Funding:
    """Money by card, as the gateway would tell of it. Whoever listens to payments hears it."""
    listen()
    arrears.listen()
    funding = start_payment(db, account, amount_minor)
    return settle(db, funding.id, seen(funding, status="complete", paid=True, card="Visa •••• 4242"))


def active(db: TenantSession, account: Account, paid_minor: int = 0) -> Account:
    """The account after its activation: by the customer with so much money, or by the administrator."""
    if account.is_run_by_customer:
        claim(db, account)
        if paid_minor:
            pay(db, account, paid_minor)
    else:
        activate_as_administrator(db, account, by=COMMAND_LINE)
    db.flush()
    assert account.state == "active", f"{account.name} is {account.state}"
    return account
