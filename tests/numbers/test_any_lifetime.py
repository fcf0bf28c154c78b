"""A lifetime with numbers, whatever happens in it: charged once for each active day, however it is billed."""

from contextlib import suppress
from datetime import date

from hypothesis import HealthCheck, given, settings as effort, strategies as st

from portal.accounts import commands as accounts
from portal.accounts.models import Account
from portal.audit.commands import COMMAND_LINE
from portal.kit.db import PLATFORM, reading, transaction
from portal.kit.refusals import Refusal
from portal.numbers import proofs
from portal.numbers.assigning import assign, listen, release, reserve
from portal.numbers.models import Number
from portal.numbers.queries import numbers_of
from tests.billing.test_any_timeline import LENGTH, Life
from tests.cast import on_sqlite
from tests.numbers.making import number, price_class

ACTS = st.one_of(
    st.tuples(st.just("assign"), st.integers(0, 3), st.integers(1, 3)),
    st.tuples(st.just("release"), st.integers(0, 3)),
    st.sampled_from([("suspend",), ("reactivate",), ("close",)]),
)
SCRIPTS = st.lists(st.tuples(st.integers(0, LENGTH - 1), ACTS), max_size=8)
SCRIPTS = SCRIPTS.map(lambda acts: sorted(acts, key=lambda act: act[0]))


class LifeWithNumbers(Life):
    def __init__(self, zone: str, begins: date, billing_day: int | None) -> None:
        super().__init__(zone, begins, billing_day)
        with transaction(self.id) as db:
            price_class(db, retail=777, wholesale=333)
            price_class(db, "geo-gold", retail=1999, wholesale=1)
            self.numbers = [number(db, n, price_class="geo-gold" if n == 3 else "geo").id for n in range(4)]

    def do(self, what: str, *how) -> None:
        with suppress(Refusal), transaction(self.id) as db:
            account = db.locked(Account, self.account)
            if what == "assign":
                first, count = how
                ids = [each for each in self.numbers[first:first + count]
                       if db.load(Number, each).state in ("free", "quarantined")]
                reserve(db, account, ids, by=COMMAND_LINE)
                assign(db, account, ids, agreed_minor=None, by=COMMAND_LINE)
            elif what == "release":
                release(db, account, self.numbers[how[0]], agreed_minor=None, by=COMMAND_LINE)
            elif what == "reactivate":
                accounts.reactivate(db, account, by=COMMAND_LINE)
            else:
                {"suspend": accounts.suspend, "close": accounts.close}[what](db, account, reason="x", by=COMMAND_LINE)

    def prove(self) -> None:
        super().prove()
        with reading(self.id) as db:
            assert db.load(Account, self.account).state != "closed" or not numbers_of(db, self.account)
        with reading(PLATFORM) as db:
            assert [words for check in proofs.CHECKS for words in check(db).differences] == []


@on_sqlite
@given(SCRIPTS, st.none() | st.sampled_from([1, 31]))
@effort(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_however_it_is_billed_it_is_one_ledger(database, script, billing_day):
    """Red when a released number's service keeps its quantity, or closing leaves a number behind."""
    listen()
    lives = {every: LifeWithNumbers("Europe/London", date(2026, 1, 31), billing_day) for every in (1, 400)}
    for every, life in lives.items():
        life.live(script, every)
        life.prove()
    assert lives[1].ledger() == lives[400].ledger()
