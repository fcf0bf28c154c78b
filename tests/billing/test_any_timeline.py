"""Any life of an account, billed day by day, twice, monthly or years late: one ledger; each active day charged once.

The same script is lived by as many accounts as there are ways to bill, each in a white label of its own, on one
database. `PROVE=1` tries many more.
"""

import os
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings as effort, strategies as st
from sqlalchemy import select, update

from portal.accounts import commands as accounts
from portal.accounts.models import Account, Address, MoveRefused, Subscription
from portal.audit.commands import COMMAND_LINE
from portal.billing.changes import carry_out, due_minor, to_agree_minor
from portal.billing.models import Charge, ChargeCredit
from portal.billing.proof import wrong_periods
from portal.billing.subscriptions import bill, rests_of
from portal.billing.wishes import CannotChange, When, Wish
from portal.billing.withdrawing import withdraw
from portal.catalogue.commands import NewPrice, set_price, set_tax_rate
from portal.catalogue.models import Plan, Price, Service
from portal.catalogue.prices import WHOLESALE, Taxed
from portal.kit import clock as kit_clock
from portal.kit.db import reading, transaction
from portal.kit.ids import new_id
from portal.operator.commands import Brand, Business, create_white_label
from tests.accounts.making import OPTION_1, active, customer, pay, plan
from tests.billing.days import active_days
from tests.billing.making import service
from tests.cast import Clock, on_sqlite

EXAMPLES = 1000 if os.environ.get("PROVE") else 200
LENGTH = 80
WAYS = {"daily": 1, "monthly": 29, "late": LENGTH}
ZONES = ("Europe/London", "America/New_York", "Pacific/Auckland", "Australia/Lord_Howe")
STARTS = [date(2028, 1, 29), date(2028, 1, 31), date(2028, 2, 29), date(2028, 3, 20), date(2028, 9, 25),
          date(2027, 12, 30), date(2028, 10, 20)]

PLACES = (Taxed("CA"), Taxed("CA", "ON"), Taxed("CA", "QC"), WHOLESALE)

ACTS = st.one_of(
    st.tuples(st.just("seats"), st.integers(0, 4), st.sampled_from(When)),
    st.tuples(st.just("plan"), st.sampled_from(["small", "large", "yearly"]), st.sampled_from(When)),
    st.tuples(st.just("price"), st.sampled_from(["seat", "small", "large"]), st.integers(0, 5000)),
    st.tuples(st.just("tax"), st.sampled_from(PLACES), st.sampled_from([0, 50_000, 212_500])),
    st.just(("suspend",)), st.just(("reactivate",)), st.just(("close",)), st.just(("withdraw",)),
)
SCRIPTS = st.lists(st.tuples(st.integers(0, LENGTH - 1), ACTS), max_size=7)
SCRIPTS = SCRIPTS.map(lambda acts: sorted(acts, key=lambda act: act[0]))


class Life:
    """One account in a white label of its own, at a clock that its script moves."""

    def __init__(self, zone: str, begins: date, billing_day: int | None) -> None:
        self.zone, self.begins = ZoneInfo(zone), begins
        self.id, self.promised = new_id(), {}
        host = f"w{self.id.hex}.localhost"
        business = Business("GBP", "GB", zone, "en_GB", "VAT", 175_000)
        with kit_clock.reading(Clock(self.at(0, 9))), transaction(self.id) as db:
            create_white_label(db, Brand(host, host, host, f"a@{host}"), business, by=COMMAND_LINE)
            accounts.set_credit_limit(db, db.scalars(select(Account)).one(), 10**9, by=COMMAND_LINE)
            self.plans = {
                "small": plan(db, "small", retail_minor=1000, wholesale_minor=400, tax_ppm=200_000,
                              retail_setup_minor=250).id,
                "large": plan(db, "large", retail_minor=2999, wholesale_minor=901, tax_ppm=200_000,
                              retail_setup_minor=1501, wholesale_setup_minor=701).id,
                "yearly": plan(db, "yearly", retail_minor=36_600, wholesale_minor=9_999, tax_ppm=88_750, months=12).id,
            }
            self.seat = service(db, "seat", retail=777, wholesale=333, retail_setup=111, wholesale_setup=55).id
            made = customer(db, self.plans["small"], OPTION_1)
            made.billing_day = billing_day
            there = update(Address).where(Address.account_id == made.id, Address.kind == "business")
            db.execute(there.values(country="CA", region="Ontario"))
            self.account = active(db, made, paid_minor=5000).id
            pay(db, made, 10_000_000)

    def at(self, day: int, hour: int, minute: int = 0) -> datetime:
        return datetime.combine(self.begins + timedelta(days=day), time(hour, minute), self.zone).astimezone(UTC)

    def live(self, script, every: int) -> None:
        for day in range(LENGTH + 1):
            acts = [act for when, act in script if when == day]
            with kit_clock.reading(Clock(self.at(day, 0, 30))):
                if (day % every == 0 and day) or day == LENGTH:
                    with transaction(self.id) as db:
                        bill(db, [db.locked(Account, self.account)], self.begins + timedelta(days=day))
            with kit_clock.reading(Clock(self.at(day, 12))):
                for act in acts:
                    self.do(*act)

    def do(self, what: str, *how) -> None:
        with suppress(CannotChange, MoveRefused), transaction(self.id) as db:
            account = db.locked(Account, self.account)
            if what not in ("seats", "plan"):
                # A price, a tax, a rest or a withdrawal after the confirmation changes what has not begun.
                self.promised = {key: sum for key, sum in self.promised.items() if key[1] <= str(self.today())}
            if what in ("seats", "plan"):
                self.change(db, account, what, *how)
            elif what == "price":
                of = db.load(Service, self.seat) if how[0] == "seat" else db.load(Plan, self.plans[how[0]])
                new = NewPrice("retail", self.today() + timedelta(days=1), how[1], how[1] // 3)
                set_price(db, of, new, by=COMMAND_LINE)
            elif what == "tax":
                set_tax_rate(db, how[0], self.today() + timedelta(days=1), how[1], by=COMMAND_LINE)
            elif what == "withdraw":
                withdraw(db, account, db.load(Service, self.seat), by=COMMAND_LINE)
            elif what == "reactivate":
                accounts.reactivate(db, account, by=COMMAND_LINE)
            else:
                {"suspend": accounts.suspend, "close": accounts.close}[what](db, account, reason="x", by=COMMAND_LINE)

    def today(self) -> date:
        return kit_clock.today(str(self.zone))

    def change(self, db, account, what, which, when) -> None:
        product = db.load(Service, self.seat) if what == "seats" else db.load(Plan, self.plans[which])
        wish = Wish(product, which if what == "seats" else 1, when)
        made = carry_out(db, account, wish, agreed_minor=None, by=COMMAND_LINE)
        assert due_minor(account, made) == made.now.retail_minor
        # What has not begun yet is replaced by it.
        stem, today = "seat" if what == "seats" else "plan", str(self.today())
        self.promised = {k: sum for k, sum in self.promised.items() if not k[0].startswith(stem) or k[1] <= today}
        if made.first_period is not None:
            self.promised[made.item, str(made.day)] = to_agree_minor(account, made)

    def ledger(self):
        with reading(self.id) as db:
            return sorted((c.item, c.period_key, c.book, c.net_minor, c.tax_minor, c.tax_ppm, str(c.first_day),
                           str(c.last_day)) for c in db.scalars(select(Charge)))

    def prove(self) -> None:
        """Each active day of each subscription is charged once, net of what was given back; none rests uncharged; and
        what was quoted for a next period, setting it up with it, is what it was charged."""
        with reading(self.id) as db:
            assert wrong_periods(db)[1] == []
            account = db.load(Account, self.account)
            rests = rests_of(db, [account])[account.id]
            charged = {(c.item, c.period_key): c.net_minor + c.tax_minor
                       for c in db.scalars(select(Charge).where(Charge.book == "retail"))}
            for (item, day), minor in self.promised.items():
                if day <= str(self.begins + timedelta(days=LENGTH)):
                    assert charged.get((item, day), 0) + charged.get((f"{item}.setup", "once"), 0) == minor
            self.prove_set_up(db)
            ends = {c.charge_id: c.from_day for c in db.scalars(select(ChargeCredit))}
            for each in db.scalars(select(Subscription)):
                mine = [c for c in db.scalars(select(Charge).where(Charge.item == each.item, Charge.book == "retail"))
                        if "~" not in c.period_key]
                spans = [(c.first_day, ends.get(c.id) or c.last_day + timedelta(days=1)) for c in mine]
                days = [a + timedelta(days=n) for a, b in spans for n in range((b - a).days)]
                assert len(days) == len(set(days))
                until = min(each.until_day or each.charged_to, each.charged_to)
                if all(c.net_minor for c in mine):
                    missing = active_days(each.from_day, until, rests) - set(days)
                    assert not missing or self.was_free(db, each, missing)

    def prove_set_up(self, db) -> None:
        """No plan is set up twice, come back to it as often as one will."""
        of_plans = Charge.item.startswith("plan."), Charge.item.endswith(".setup")
        wanted = select(Charge).where(Charge.book == "retail", *of_plans)
        plans = {each.item: each.plan_id for each in db.scalars(select(Subscription))}
        paid = [plans[charge.item.removesuffix(".setup")] for charge in db.scalars(wanted)]
        assert len(paid) == len(set(paid)) and self.plans["small"] not in paid

    def was_free(self, db, subscription, missing) -> bool:
        """A price of nothing leaves no charge."""
        return any(not price.minor for price in db.scalars(select(Price)))


@on_sqlite
@given(SCRIPTS, st.sampled_from(ZONES), st.sampled_from(STARTS), st.none() | st.sampled_from([1, 15, 31]))
@effort(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_however_it_is_billed_it_is_one_ledger(database, script, zone, begins, billing_day):
    """Red when a change does not charge what was missed first, or a price or a tax is taken of the day of the run."""
    lives = {way: Life(zone, begins, billing_day) for way in WAYS}
    for way, life in lives.items():
        life.live(script, WAYS[way])
        life.prove()
    assert lives["daily"].ledger() == lives["monthly"].ledger() == lives["late"].ledger()
