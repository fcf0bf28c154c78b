"""`portal verify` names what is wrong with entries, balances, fundings and refunds."""

import pytest
from sqlalchemy import select

from portal.kit.db import reading, transaction
from portal.ledger.commands import post
from portal.ledger.entry import Book, credit_of, funding as funding_entry, refund as refund_entry
from portal.ledger.models import JournalEntry, JournalLine, LedgerAccount
from portal.payments.commands import request_refund, settle_refund
from portal.payments.gateway import SeenRefund
from portal.payments.models import Funding, GatewayRefund
from tests.verify.planting import change, differences, in_transaction, remove, slip_in


def line_of(source_like, code_like="%"):
    """A condition for the lines of entries and accounts that look like this."""
    entries = select(JournalEntry.id).where(JournalEntry.source.like(source_like))
    accounts = select(LedgerAccount.id).where(LedgerAccount.code.like(code_like))
    return JournalLine.entry_id.in_(entries), JournalLine.ledger_account_id.in_(accounts)


class TestEntries:
    def test_one_that_does_not_sum_to_zero(self, books):
        """Red when only the balances are compared with the lines."""
        change(JournalLine, *line_of("funding:%", "gateway"), amount_minor=1999)
        (words,) = differences("entries")
        assert words == f"entry funding:{books.funding.id} sums to -1 over 2 lines"

    def test_one_with_a_line_lost(self, books):
        remove(JournalLine, *line_of("funding:%", "gateway"))
        assert f"entry funding:{books.funding.id} sums to -2000 over 1 lines" in differences("entries")

    def test_one_without_any_line(self, books):
        remove(JournalLine, *line_of("funding:%"))
        assert f"entry funding:{books.funding.id} sums to 0 over 0 lines" in differences("entries")
        assert differences("fundings")

    def test_one_that_nothing_caused(self, books):
        """Balanced, its balances right: credit out of thin air. Red when only known kinds of entry are looked at."""
        slip_in(books.tenant, "bonus:7", {credit_of(books.own.id): -5000, "gateway": 5000})
        assert differences() == ["entry bonus:7 has no cause that is known"]


class TestBalances:
    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ({"balance_minor": 1}, "the balance says 1 over"),
            ({"lines": 99}, "over 99 lines, the lines say"),
        ],
    )
    def test_one_that_drifted(self, books, values, words):
        change(LedgerAccount, LedgerAccount.code == "gateway", **values)
        (found,) = differences("balances")
        assert found.startswith("retail gateway: ") and words in found

    def test_one_of_an_account_that_never_had_a_line(self, books):
        with transaction(books.tenant.id) as db:
            db.add(LedgerAccount(book="retail", code="credit:nobody", currency="GBP", balance_minor=-1, lines=0))
        assert differences() == ["retail credit:nobody: the balance says -1 over 0 lines, the lines say 0 over 0"]


class TestFundings:
    def test_one_that_succeeded_without_its_entry(self, books):
        remove(JournalLine, *line_of("funding:%"))
        remove(JournalEntry, JournalEntry.source.like("funding:%"))
        assert differences("fundings") == ["funding F-2026-000001 is succeeded with 2000, the books say nothing"]

    def test_one_of_another_amount(self, books):
        change(Funding, Funding.id == books.funding.id, amount_minor=2500)
        (words,) = differences("fundings")
        assert words.startswith("funding F-2026-000001 is succeeded with 2500, the books say retail: credit:")

    @pytest.mark.parametrize("state", ["pending", "failed", "expired", "unknown"])
    def test_one_that_did_not_succeed_and_is_in_the_books(self, books, state):
        change(Funding, Funding.id == books.funding.id, state=state)
        assert differences("fundings")[0].startswith(
            f"funding F-2026-000001 is {state} with 2000, the books say retail"
        )

    def test_one_credited_to_somebody_else(self, books):
        """The right amount, balanced, on another customer's account. Red when only the amount is compared."""
        with reading(books.tenant.id) as db:
            sales = select(LedgerAccount).where(LedgerAccount.code == "sales", LedgerAccount.book == "retail")
            other = db.scalars(sales).one()
        change(JournalLine, *line_of("funding:%", "credit:%"), ledger_account_id=other.id)
        assert differences("fundings")[0].startswith(
            "funding F-2026-000001 is succeeded with 2000, the books say retail"
        )

    def test_an_entry_without_a_funding(self, books):
        slip_in(books.tenant, "funding:nobody", {"gateway": 700, credit_of(books.own.id): -700})
        assert differences() == ["entry funding:nobody has no funding"]

    def test_a_second_entry_of_the_same_funding(self, books):
        """The customer would have the money twice. Red when entries are looked for by funding and not the other way."""
        again = f"funding:{books.funding.id}:again"
        slip_in(books.tenant, again, {"gateway": 2000, credit_of(books.own.id): -2000})
        assert differences() == [f"entry {again} has no funding"]

    def test_an_entry_in_another_white_labels_books(self, books, kauri):
        with transaction(kauri.id) as db:
            post(db, funding_entry(f"funding:{books.funding.id}", kauri.account_id, 2000, "NZD"))
        assert differences() == [f"entry funding:{books.funding.id} has no funding"]


class TestRefunds:
    @pytest.fixture
    def returned(self, books):
        """All 20.00 went back, once."""

        def give_back(db):
            held = db.locked(Funding, books.funding.id)
            request_refund(db, held, "made for the test")
            refund = db.scalars(select(GatewayRefund)).one()
            settle_refund(db, held, SeenRefund("re_1", 2000, "succeeded", str(refund.id)))

        in_transaction(books.tenant, give_back)
        assert differences() == []
        return books

    def test_one_that_succeeded_without_its_entry(self, returned):
        remove(JournalLine, *line_of("refund:%"))
        remove(JournalEntry, JournalEntry.source.like("refund:%"))
        assert differences("refunds") == ["refund re_1 is succeeded, the books say nothing"]

    def test_one_of_another_amount(self, returned):
        change(GatewayRefund, GatewayRefund.gateway_id == "re_1", amount_minor=500)
        assert differences("refunds")[0].startswith("refund re_1 is succeeded, the books say retail")

    def test_more_than_was_paid(self, returned):
        """Red when each refund is only held against its own entry."""
        in_transaction(
            returned.tenant,
            lambda db: settle_refund(db, db.locked(Funding, returned.funding.id), SeenRefund("re_2", 100, "succeeded")),
        )
        (words,) = differences("refunds")
        assert words.endswith("gives back more than funding F-2026-000001 brought")

    def test_one_that_failed_later_and_was_not_undone(self, returned):
        change(GatewayRefund, GatewayRefund.gateway_id == "re_1", state="failed")
        assert differences("refunds")[0].startswith("refund re_1 is failed, the books say retail")

    def test_one_that_failed_later_and_was_undone_is_fine(self, returned):
        in_transaction(
            returned.tenant,
            lambda db: settle_refund(db, db.locked(Funding, returned.funding.id), SeenRefund("re_1", 2000, "failed")),
        )
        assert differences() == []

    def test_an_entry_without_a_refund(self, books):
        """Red when only the refunds that are on file are looked up."""
        in_transaction(books.tenant, lambda db: post(db, refund_entry("refund:re_9", books.own.id, 100, "GBP")))
        assert differences() == ["entry refund:re_9 has no refund"]

    def test_one_of_nothing(self, returned):
        change(GatewayRefund, GatewayRefund.gateway_id == "re_1", amount_minor=0)
        assert "refund re_1 is of 0" in differences("refunds")


def test_an_entry_in_the_wrong_book(books):
    """The books are a key of the lines, so it takes both; the figures are right and the book is not."""
    slip_in(
        books.tenant,
        "charge:x",
        {credit_of(books.tenant.account_id): 480, "sales": -400, "tax": -80},
        book=Book.WHOLESALE.value,
    )
    assert differences() == ["entry charge:x has no charge"]
