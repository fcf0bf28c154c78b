"""What the demo sells besides its plans, and the prices that are to come."""

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select

from portal.audit.commands import Actor
from portal.catalogue.commands import NewPrice, add_currency, include, set_price, set_tax_rate
from portal.catalogue.models import Plan, Service
from portal.catalogue.prices import WHOLESALE, Taxed
from portal.catalogue.queries import products
from portal.demo.cast import NEXT_DEFAULT, Catalogue
from portal.kit import jobs
from portal.kit.clock import today
from portal.kit.db import PLATFORM, reading, transaction
from portal.kit.ids import new_id
from portal.operator import credit_requests, flows
from portal.whitelabels.queries import operator as the_operator, white_label


def stock(white_label_id: UUID, new: Catalogue, *, by: Actor) -> None:
    """What follows the default list, what plans hold of it, and a tax rate."""
    with reading(white_label_id) as db:
        tax_ppm = white_label(db).opening_wholesale_tax_ppm
    listed = _listed()
    _price(listed, new, by=by)
    for code in new.from_list:
        flows.offer(listed[code].id, white_label_id, tax_ppm, by=by)
    with transaction(white_label_id) as db:
        for plan_code, service_code, quantity in new.included:
            plan = db.scalars(select(Plan).where(Plan.code == plan_code)).one()
            held = db.scalars(select(Service).where(Service.code == service_code)).one()
            include(db, plan, held, quantity, by=by)
        country, rate_ppm = new.tax
        begins = today(white_label(db).time_zone) + timedelta(days=1)
        set_tax_rate(db, Taxed(country), begins, rate_ppm, by=by)
    jobs.run_due()


def look_ahead(white_label_id: UUID, new: Catalogue, *, by: Actor) -> None:
    """A retail price that begins with the next month."""
    code, retail_minor = new.next_price
    with transaction(white_label_id) as db:
        plan = db.scalars(select(Plan).where(Plan.code == code)).one()
        begins = _next_month(today(white_label(db).time_zone))
        set_price(db, plan, NewPrice("retail", begins, retail_minor, plan.opening_retail_setup_minor), by=by)


def change_the_list(*, by: Actor) -> None:
    """Default wholesale prices that begin with the month after, in two currencies."""
    listed, begins = _listed(), _next_month(_next_month(today("Europe/London")))
    for code, currency, wholesale_minor in NEXT_DEFAULT:
        flows.set_default_price(
            listed[code].id, NewPrice("wholesale", begins, wholesale_minor, currency=currency), by=by
        )


def raise_the_tax(white_label_id: UUID, *, by: Actor) -> None:
    """One per cent more on wholesale, from the year to come on."""
    with transaction(white_label_id) as db:
        tenant = white_label(db)
        begins = date(today(tenant.time_zone).year + 1, 1, 1)
        set_tax_rate(db, WHOLESALE, begins, tenant.opening_wholesale_tax_ppm + 10_000, by=by)


def ask_for_credit(white_label_id: UUID, *, by: Actor) -> None:
    """More than one person may give: it waits for the other one."""
    with transaction(white_label_id) as db:
        credit_requests.ask(db, 2_500_00, request_id=new_id(), reason="Transfer of Friday, reference 4471", by=by)


def _price(listed: dict[str, Plan | Service], new: Catalogue, *, by: Actor) -> None:
    """Give products of the list what they open at in the white label's currency."""
    for code, opening in new.further:
        product = listed[code]
        with transaction(product.white_label_id) as db:
            add_currency(db, product, opening, by=by)


def _listed() -> dict[str, Plan | Service]:
    """The products of the default list by their codes, which differ in the demo."""
    with reading(PLATFORM) as db:
        host = the_operator(db)
    assert host is not None
    with reading(host.id) as db:
        return {each.code: each for each in products(db)}


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
