"""Opening accounts: numbers without gaps, everything the wizard gathered, and nothing else at birth."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from portal.accounts.commands import Place, open_customer_account, open_white_label_account
from portal.accounts.models import Account, Address, Contact, Membership
from portal.accounts.queries import addresses_of, contact_of, customer_or_404, white_label_account
from portal.audit.commands import COMMAND_LINE
from portal.audit.queries import acts_on
from portal.billing.models import Charge
from portal.kit.db import reading, transaction
from portal.kit.refusals import NotFound
from portal.kit.series import Series
from portal.ledger.entry import Book
from portal.ledger.models import JournalEntry
from portal.ledger.queries import credit_minor
from portal.whitelabels.queries import white_label
from tests.accounts.making import OPTION_1, OPTION_2, customer
from tests.cast import new_customer
from tests.threads import at_once


def numbers(tenant):
    with reading(tenant.id) as db:
        return sorted(db.scalars(select(Account.number)))


def opened(tenant, name="Birch Dental"):
    with transaction(tenant.id) as db:
        return open_customer_account(db, new_customer(name, tenant.plans["desk"]), by=COMMAND_LINE)


class TestNumbers:
    def test_the_white_labels_own_account_is_the_first(self, northwind, kauri):
        assert numbers(northwind) == ["101-0001", "101-0002"] and numbers(kauri) == ["102-0001"]

    def test_they_follow_each_other_in_order(self, northwind):
        assert [opened(northwind).number for _ in range(3)] == ["101-0003", "101-0004", "101-0005"]

    def test_each_white_label_counts_for_itself(self, northwind, kauri):
        assert [opened(t).number for t in (kauri, northwind, kauri)] == ["102-0002", "101-0003", "102-0003"]

    def test_a_number_that_was_not_used_is_given_back(self, northwind):
        """Red when the series is taken outside the transaction."""
        with pytest.raises(ZeroDivisionError), transaction(northwind.id) as db:
            customer(db, northwind.plans["desk"])
            raise ZeroDivisionError
        assert opened(northwind).number == "101-0003"

    def test_many_at_once_leave_no_gap_and_take_none_twice(self, northwind):
        """Red when the next number is read and written in two steps."""
        answers = at_once(8, lambda n: opened(northwind, f"Birch {n}").number)
        assert sorted(map(str, answers)) == [f"101-{n:04d}" for n in range(3, 11)]

    def test_the_ten_thousandth_is_simply_longer(self, db, northwind):
        db.scalars(select(Series).where(Series.name == "account")).one().last = 9_999
        db.flush()
        assert customer(db, northwind.plans["desk"]).number == "101-10000"


class TestAtBirth:
    @pytest.mark.parametrize("administration", [OPTION_1, OPTION_2])
    def test_it_is_inactive_and_nothing_was_charged(self, db, northwind, clock, administration):
        entries = db.scalar(select(func.count(JournalEntry.id)))
        charges = db.scalar(select(func.count(Charge.id)))
        account = customer(db, northwind.plans["desk"], administration)
        assert (account.state, account.activated_at, account.kind) == ("inactive", None, "customer")
        assert account.administration == administration.value
        assert db.scalar(select(func.count(JournalEntry.id))) == entries
        assert db.scalar(select(func.count(Charge.id))) == charges
        assert credit_minor(db, Book.RETAIL, account.id) == 0 and account.credit_limit_minor == 0

    def test_it_has_a_plan_and_no_service(self, db, northwind):
        """Nothing but its people, contact and addresses points at a new account: no service, number or card."""
        account = customer(db, northwind.plans["desk"])
        assert account.plan_id == northwind.plans["desk"]
        pointing = set()
        for mapper in Account.registry.mappers:
            table = mapper.local_table
            ours = [key for key in table.foreign_key_constraints if key.referred_table.name == "account"]
            for key in ours:
                column = mapper.get_property_by_column(list(key.columns)[-1]).key
                found = select(func.count()).select_from(mapper.class_)
                if db.scalar(found.where(getattr(mapper.class_, column) == account.id)):
                    pointing.add(table.name)
        assert pointing == {"membership", "contact", "address"}

    def test_everything_given_is_kept(self, db, northwind, bob):
        given = replace(
            new_customer("Birch Dental", northwind.plans["desk"]),
            business=Place("1 High Street", "Leeds", "GB", "Floor 2", "Yorkshire", "LS1 4AP"),
            service=Place("9 Low Road", "Cork", "IE", "Gate 3", "Munster", "T12 AB12"),
            contact_name="Reception", contact_phone="+44 113 496 0000", contact_email="desk@birch.example",
            send_letters=False)
        account = open_customer_account(db, given, by=bob.actor)
        db.flush()
        places, contact = addresses_of(db, account.id), contact_of(db, account.id)
        assert places["business"].words() == "1 High Street, Floor 2, Leeds Yorkshire LS1 4AP, United Kingdom"
        assert places["service"].words() == "9 Low Road, Gate 3, Cork Munster T12 AB12, Ireland"
        assert (contact.name, contact.phone, contact.email) == ("Reception", "+44 113 496 0000", "desk@birch.example")
        assert (account.name, account.primary_domain, account.send_letters) == ("Birch Dental", "birch.example", False)
        assert account.created_by == "Bob Marsh"

    def test_the_same_service_address_is_not_kept_twice(self, db, northwind):
        assert set(addresses_of(db, customer(db, northwind.plans["desk"]).id)) == {"business"}

    def test_it_is_on_the_trail(self, db, northwind, bob):
        account = open_customer_account(db, new_customer("Birch", northwind.plans["desk"], OPTION_2), by=bob.actor)
        db.flush()
        (act,) = acts_on(db, account.id)
        assert (act.action, act.actor_name, act.details) == (
            "account.created", "Bob Marsh", {"administration": "white_label"})


class TestWhereItBelongs:
    def test_a_white_label_has_one_account_of_its_own(self, northwind):
        with pytest.raises(IntegrityError), transaction(northwind.id) as db:
            open_white_label_account(db, white_label(db), by=COMMAND_LINE)

    def test_the_white_label_account_is_active_from_the_start(self, db):
        account = white_label_account(db)
        assert (account.state, account.kind, account.plan_id) == ("active", "white_label", None)
        assert account.activated_at is not None

    def test_it_is_not_among_the_customers(self, db):
        with pytest.raises(NotFound):
            customer_or_404(db, white_label_account(db).id)

    def test_another_white_label_finds_nothing(self, northwind, kauri, cast):
        with reading(kauri.id) as db:
            with pytest.raises(NotFound):
                customer_or_404(db, cast.acme)
            assert db.scalars(select(Contact)).all() == [] and db.scalars(select(Address)).all() == []
            assert cast.acme not in set(db.scalars(select(Membership.account_id)))

    def test_the_plan_of_another_white_label_is_refused_by_the_database(self, northwind, kauri):
        with pytest.raises(IntegrityError), transaction(northwind.id) as db:
            customer(db, kauri.plans["desk"])
