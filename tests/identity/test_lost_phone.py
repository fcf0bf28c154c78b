"""A lost phone: an administrator, the operator or the command line takes the factor away, and the person is told."""

import pytest
from sqlalchemy import select

from portal.accounts.lifecycle import Role
from portal.audit.models import AuditRow
from portal.kit.db import reading
from portal.letters.models import Letter
from tests.cast import PASSWORD, on_sqlite
from tests.identity.phones import at_door, factor_row, letters_of, person_at, set_up
from tests.signup.browsing import words

FORM = {"reason": "Called back, phone stolen", "present": PASSWORD}


@pytest.fixture
def otto(cast):
    """Another one of the operator's staff."""
    return person_at(cast.operator, "otto@highwire.example", "Otto Lang")


def rows_on(person):
    with reading(person.white_label_id) as db:
        wanted = select(AuditRow).where(AuditRow.subject_id == person.id, AuditRow.action == "factor.taken-away")
        return [(row.actor_kind, row.actor_name, row.details) for row in db.scalars(wanted)]


def told(person):
    with reading(person.white_label_id) as db:
        found = db.scalars(select(Letter).where(Letter.name == "factor-taken-away")).all()
        return [(letter.to_address, letter.facts["who"], letter.facts["reason"]) for letter in found]


class TestOfTheWhiteLabel:
    @pytest.mark.parametrize("who", ["alice", "fiona"])
    def test_its_administrator_helps_staff_and_customers(self, client, cast, bob, clock, who):
        person = getattr(cast, who)
        theirs = client(person)
        kept = set_up(person, theirs.get_cookie("portal", domain=person.host).value)
        browser, path = client(bob), f"/settings/sign-in/{person.id}/lost-phone"
        assert path in browser.get(f"/settings/sign-in?q={person.name.split()[0]}").text
        assert browser.submit(path, FORM).location == "/settings/sign-in"
        assert factor_row(person) is None
        assert rows_on(person) == [("user", "Bob Marsh", {"reason": FORM["reason"]})]
        assert told(person) == [(person.login_name, "Bob Marsh", FORM["reason"])]
        assert theirs.get("/profile").location.startswith("/login?")
        assert client(person).get("/profile").status_code == 200 and kept.codes

    @on_sqlite
    def test_the_people_of_an_account_lead_to_it(self, client, cast, bob, alice, clock):
        """From the white label's side alone. Red without `lost_phone`."""
        path = f"/settings/sign-in/{alice.id}/lost-phone"
        assert path not in client(bob).get(f"/customers/{cast.acme}/users").text
        set_up(alice)
        assert path in client(bob).get(f"/customers/{cast.acme}/users").text
        assert "lost-phone" not in client(alice).get(f"/account/{cast.acme}/users").text

    def test_whoever_has_to_have_one_sets_up_another(self, client, bob, fiona, clock, change_settings):
        kept = set_up(bob)
        browser = at_door(client, bob)
        browser.submit("/login/code", {"code": kept.phone.code()})
        set_up(fiona)
        change_settings(staff_factor="required")
        browser.submit(f"/settings/sign-in/{fiona.id}/lost-phone", FORM)
        assert at_door(client, fiona).get("/").location == "/login/second-factor"

    def test_it_needs_a_reason_and_the_administrators_password(self, client, bob, alice, clock):
        """7.5. Red with `PresentPassword` letting all pass."""
        set_up(alice)
        browser, path = client(bob), f"/settings/sign-in/{alice.id}/lost-phone"
        for form in ({**FORM, "reason": ""}, {**FORM, "reason": "a\nb"}, {**FORM, "present": "no"}, {}):
            answer = browser.submit(path, form)
            assert answer.status_code == 422 and "field-error" in answer.text
        assert factor_row(alice) is not None and told(alice) == []

    def test_nobody_takes_their_own_away(self, client, bob, clock):
        """Red without NotYours: a password and a session would undo the factor without a code."""
        kept = set_up(bob)
        browser = at_door(client, bob)
        browser.submit("/login/code", {"code": kept.phone.code()})
        path = f"/settings/sign-in/{bob.id}/lost-phone"
        assert path not in browser.get("/settings/sign-in").text
        assert browser.get(path).status_code == 403
        assert browser.submit(path, FORM, page="/profile").status_code == 403 and factor_row(bob) is not None

    @pytest.mark.parametrize("who", ["alice", "fiona", "charlie"])
    def test_it_is_an_administrators_of_this_white_label(self, client, cast, bob, clock, who):
        set_up(bob)
        browser, path = client(getattr(cast, who)), f"/settings/sign-in/{bob.id}/lost-phone"
        status = 404 if who == "charlie" else 403
        assert browser.get(path).status_code == status
        assert browser.submit(path, FORM, page="/profile").status_code == status
        assert factor_row(bob) is not None and told(bob) == []

    def test_sent_twice_it_is_done_once(self, client, bob, alice, clock):
        set_up(alice)
        browser, path = client(bob), f"/settings/sign-in/{alice.id}/lost-phone"
        assert browser.submit(path, FORM).status_code == 303
        assert browser.get(path).status_code == 409
        assert browser.submit(path, FORM, page="/profile").status_code == 409
        assert len(told(alice)) == 1

    @on_sqlite
    def test_the_page_finds_people_by_part_of_a_name(self, client, bob, cast):
        browser = client(bob)
        page = words(browser.get("/settings/sign-in"))
        assert "Bob Marsh" in page and "Fiona Reyes" in page and "Alice Archer" not in page
        assert "Alice Archer" in words(browser.get("/settings/sign-in?q=ACME"))
        assert "Nobody has this name" in words(browser.get("/settings/sign-in?q=charlie"))
        assert "Nobody has this name" in words(browser.get("/settings/sign-in?q=%25"))
        for n in range(21):
            person_at(cast.northwind, f"many{n:02}@many.example", "Many")
        assert "the first twenty" in words(browser.get("/settings/sign-in?q=many"))


class TestOfTheOperator:
    def test_it_helps_staff_of_a_white_label(self, client, olga, northwind, fiona, clock):
        set_up(fiona)
        own = f"/operator/white-labels/{northwind.id}"
        browser, path = client(olga), f"{own}/staff/{fiona.id}/lost-phone"
        assert path in browser.get(own).text
        assert browser.submit(path, FORM).location == own
        assert factor_row(fiona) is None and rows_on(fiona)[0][:2] == ("operator", "Olga Brandt")
        assert told(fiona) == [("fiona@northwind.example", "Olga Brandt", FORM["reason"])]

    def test_customers_are_the_white_labels_to_help(self, client, olga, northwind, kauri, alice, fiona, clock):
        """Red without `is_staff` in `member_or_404`; and nobody is found under another white label."""
        set_up(alice)
        set_up(fiona)
        browser = client(olga)
        for tenant, person in ((northwind, alice), (kauri, fiona)):
            path = f"/operator/white-labels/{tenant.id}/staff/{person.id}/lost-phone"
            assert browser.get(path).status_code == 404
            assert browser.submit(path, FORM, page="/profile").status_code == 404
            assert factor_row(person) is not None

    def test_a_colleague_helps_a_colleague_and_nobody_themselves(self, client, olga, otto, clock):
        set_up(otto)
        browser = client(olga)
        path = f"/operator/staff/{otto.id}/lost-phone"
        assert path in browser.get("/operator/staff").text
        assert browser.submit(path, FORM).location == "/operator/staff"
        assert factor_row(otto) is None and letters_of(otto, "factor-taken-away") == ["otto@highwire.example"]
        kept = set_up(olga)
        browser = at_door(client, olga)
        browser.submit("/login/code", {"code": kept.phone.code()})
        assert browser.submit(f"/operator/staff/{olga.id}/lost-phone", FORM, page="/profile").status_code == 403
        assert factor_row(olga) is not None

    def test_the_staff_of_a_white_label_are_not_colleagues(self, client, olga, bob, clock):
        set_up(bob)
        assert client(olga).get(f"/operator/staff/{bob.id}/lost-phone").status_code == 404


class TestCommandLine:
    @pytest.fixture
    def portal(self, monkeypatch, database):
        """`portal users forget-factor` on the test's own database."""
        from click.testing import CliRunner

        from portal import cli
        from portal.kit import db as kit_db

        monkeypatch.setattr(cli, "_house", lambda: kit_db.use(database))
        return lambda *args: CliRunner().invoke(cli.main, ["users", "forget-factor", *args])

    def test_it_helps_the_only_operator(self, portal, olga, clock):
        set_up(olga)
        done = portal("Olga@highwire.example", "--reason", "Phone lost")
        assert done.exit_code == 0 and "Olga Brandt at operator.localhost" in done.output
        assert factor_row(olga) is None
        assert rows_on(olga) == [("command_line", "The command line", {"reason": "Phone lost"})]
        assert told(olga) == [("olga@highwire.example", "The command line", "Phone lost")]

    def test_a_name_that_is_in_use_twice_is_asked_about(self, portal, bob, kauri, clock):
        twin = person_at(kauri, bob.login_name, "Another Bob", Role.FINANCE)
        set_up(bob)
        set_up(twin)
        done = portal(bob.login_name, "--reason", "Phone lost")
        assert done.exit_code == 1 and "kauri.localhost, northwind.localhost" in done.output
        assert factor_row(bob) is not None and factor_row(twin) is not None
        assert portal(bob.login_name, "--reason", "Phone lost", "--host", "Kauri.localhost").exit_code == 0
        assert factor_row(twin) is None and factor_row(bob) is not None

    @pytest.mark.parametrize(("args", "said"), [
        (("nobody@nowhere.example", "--reason", "x"), "Nobody signs in as nobody@nowhere.example."),
        (("bob@northwind.example", "--reason", "x", "--host", "kauri.localhost"), "at kauri.localhost"),
        (("bob@northwind.example", "--reason", "x"), "at northwind.localhost has no second factor."),
        (("bob@northwind.example", "--reason", "a\nb"), "one line"),
        (("bob@northwind.example",), "--reason"),
    ])
    def test_what_cannot_be_done_is_said_in_a_line(self, portal, cast, args, said):
        done = portal(*args)
        assert done.exit_code in (1, 2) and said in done.output and "Traceback" not in done.output
