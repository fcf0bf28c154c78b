"""What the review shows is what activation bills: the same lines, periods, taxes and total, whatever the plan."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings as examples, strategies as st
from sqlalchemy import select

from portal.accounts.queries import white_label_account
from portal.activation.commands import become_active
from portal.activation.pages import breakdown
from portal.activation.queries import latest_link
from portal.audit.commands import COMMAND_LINE
from portal.billing.models import Charge
from portal.catalogue.commands import set_tax_rate
from portal.catalogue.prices import WHOLESALE, Taxed
from portal.identity.models import User
from portal.kit.clock import now, reading as at, today
from portal.kit.db import transaction
from portal.kit.money import Money, percent
from portal.signup.commands import create_customer, start_draft
from portal.signup.reviewing import review
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import money, span
from tests.accounts.making import OPTION_1, OPTION_2, active, customer, pay, plan
from tests.cast import on_sqlite
from tests.signup.browsing import ADDRESSES, CONTACT, words

MINOR = st.one_of(st.just(0), st.integers(1, 60_000))
PPM = st.one_of(st.sampled_from([0, 50_000, 88_750, 150_000, 200_000]), st.integers(1, 1_000_000))
PLACES = st.sampled_from([Taxed("CA"), Taxed("CA", "ON"), Taxed("CA", "QC"), WHOLESALE])
MOMENTS = st.integers(0, 3 * 366 * 24).map(lambda hours: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours))


class _Undo(Exception):
    pass


def filled_draft(db, bob, administration, plan_id, first_day, billing_day=None):
    draft = start_draft(db, bob.id, administration)
    contact = {**CONTACT, "email": "dora@birch.example", "existing": False, "send_letters": True}
    if administration is OPTION_2:
        contact["password_hash"] = "$argon2id$not-a-real-one"
    draft.answers = {
        "contact": contact, "addresses": {**ADDRESSES, "same_address": True},
        "plan": {"plan": str(plan_id), "first_day": first_day.isoformat() if first_day else None,
                 "billing_day": str(billing_day or ""), "least_funding": "", "least_funding_minor": None},
    }
    db.flush()
    return draft


def billed(db, account, tenant):
    """The review's rows and total, made from the charges that were posted and nothing else."""
    book = "retail" if account.is_run_by_customer else "wholesale"
    wanted = select(Charge).where(Charge.account_id == account.id, Charge.book == book)
    charges = sorted(db.scalars(wanted), key=lambda charge: charge.item == "plan")
    rows = [
        (c.description, money(c.net_minor, tenant), span(c.first_day, c.last_day, tenant) if c.first_day else "once")
        for c in charges
    ]  # how many days of the month a shorter first period has is not on the charge
    tax = sum(charge.tax_minor for charge in charges)
    if tax:
        rows.append((f"{tenant.tax_name}, {percent(charges[0].tax_ppm)}", money(tax, tenant), ""))
    return rows, Money(sum(charge.gross_minor for charge in charges), tenant.currency).words(tenant.locale)


@examples(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    administration=st.sampled_from([OPTION_1, OPTION_2]), moment=MOMENTS,
    days_ahead=st.one_of(st.none(), st.integers(-9, 366)),
    billing_day=st.one_of(st.none(), st.integers(1, 28), st.just(31)),
    retail=MINOR, retail_setup=MINOR, wholesale=MINOR, wholesale_setup=MINOR, minimum=MINOR, tax=PPM, wholesale_tax=PPM,
    rates=st.dictionaries(st.tuples(PLACES, st.integers(1, 400)), PPM, max_size=4),
    region=st.sampled_from(["ON", "Ontario", "QC"]),
)
def test_the_invoice_on_the_review_is_the_one_that_is_billed(
    northwind, bob, administration, moment, days_ahead, billing_day, retail, retail_setup, wholesale, wholesale_setup,
    minimum, tax, wholesale_tax, rates, region,
):
    """Red when the review works it out by itself: with tax on the total, say, or from the first of the month."""
    first_day = moment.date() + timedelta(days=days_ahead) if days_ahead is not None else None
    with at(lambda: moment), pytest.raises(_Undo), transaction(northwind.id) as db:
        tenant = white_label(db)
        tenant.opening_wholesale_tax_ppm, white_label_account(db).credit_limit_minor = wholesale_tax, 10**9
        wanted = plan(
            db, "drawn", retail_minor=retail, retail_setup_minor=retail_setup, wholesale_minor=wholesale,
            wholesale_setup_minor=wholesale_setup, minimum_funding_minor=minimum, tax_ppm=tax)
        for (whose, ahead), ppm in rates.items():
            set_tax_rate(db, whose, today(tenant.time_zone) + timedelta(days=ahead), ppm, by=COMMAND_LINE)
        draft = filled_draft(db, bob, administration, wanted.id, first_day, billing_day)
        there = {**draft.answers["addresses"], "country": "CA", "region": region}
        draft.answers = {**draft.answers, "addresses": there}
        shown = review(db, draft)
        account = create_customer(db, draft, by=COMMAND_LINE, administrator=db.load(User, bob.id))
        if administration is OPTION_1:
            # As if the customer had just redeemed the letter's link; hashing a password here would take minutes.
            latest_link(db, account.id).used_at = account.claimed_at = now()
        activate(db, account, max(minimum, _pence(shown.total)))
        as_shown = [(row.label, row.amount, row.note.partition(", ")[0]) for row in shown.invoice], shown.total
        assert as_shown == billed(db, account, tenant)
        raise _Undo


def _pence(words):
    return int("".join(c for c in words if c.isdigit()))


def activate(db, account, paid_minor):
    if not account.is_run_by_customer:
        active(db, account)
    elif paid_minor:
        pay(db, account, paid_minor)
    else:
        become_active(db, account, by=COMMAND_LINE)
    db.flush()
    assert account.state == "active"


def test_the_page_of_the_activation_shows_the_same(option_2, northwind, accounts, browse, bob):
    """Three pages and the books say one thing: the review, the administrator's activation, the charges."""
    rows = "Desk Phone, set-up once £2.00 Desk Phone 2 Nov to 1 Dec 2026 £4.00 VAT, 20% £1.20 Total £7.20"
    assert rows in words(option_2.fill().page("review"))
    option_2.create()
    (account,) = accounts()
    browser, path = browse(bob), f"/customers/{account.id}/activation"
    assert rows in words(browser.get(path))
    assert browser.submit(path).status_code == 303
    with transaction(northwind.id) as db:
        charges = db.scalars(select(Charge).where(Charge.account_id == account.id).order_by(Charge.number)).all()
        assert [(c.net_minor, c.tax_minor, c.first_day) for c in charges] == [
            (200, 40, None), (400, 80, date(2026, 11, 2))]


def test_a_trial_is_said_on_the_review_and_before_the_payment(db, northwind, bob, clock):
    """Red when the review of a plan with a trial shows the set-up alone, as if nothing followed."""
    trial = plan(db, "trial", retail_minor=1000, retail_setup_minor=500, trial_days=14)
    rows = review(db, filled_draft(db, bob, OPTION_1, trial.id, None)).invoice
    expected = ("Trial", "£0.00", "the plan is charged from 16 November 2026 on")
    assert [(row.label, row.amount, row.note) for row in rows][1:] == [expected]
    account = customer(db, trial.id, OPTION_1)
    assert expected in [(row.label, row.amount, row.note) for row in breakdown(db, account).rows]


@on_sqlite
@pytest.mark.parametrize(("region", "tax"), [("Ontario", "VAT, 13%"), ("QC", "VAT, 5%"), ("", "VAT, 5%")])
def test_the_review_has_the_tax_of_the_address_on_the_first_day(db, northwind, bob, clock, region, tax):
    """Red when the review asks for the country alone, or for the tax of today."""
    for whose, ppm in ((Taxed("CA"), 50_000), (Taxed("CA", "ON"), 130_000)):
        set_tax_rate(db, whose, date(2026, 11, 20), ppm, by=COMMAND_LINE)
    draft = filled_draft(db, bob, OPTION_1, northwind.plans["desk"], date(2026, 11, 20))
    draft.answers = {**draft.answers, "addresses": {**draft.answers["addresses"], "country": "CA", "region": region}}
    assert review(db, draft).invoice[-1].label == tax
