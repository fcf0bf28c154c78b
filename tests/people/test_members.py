"""Adding, changing and removing members, from either side."""

import pytest
from sqlalchemy import select

from portal.accounts.lifecycle import Side
from portal.accounts.models import Account, Membership
from portal.audit.commands import COMMAND_LINE
from portal.identity.models import User
from portal.kit.db import reading, transaction
from portal.pbx.commands import Edit, save
from portal.pbx.configuration import Extension, Place
from tests.accounts.making import OPTION_2, customer
from tests.cast import on_sqlite
from tests.signup.browsing import errors, words

pytestmark = on_sqlite


def roles(people, account_id):
    with reading(people.company.id) as db:
        rows = db.execute(select(User.login_name, Membership.role).join(Membership, Membership.user_id == User.id)
                          .where(Membership.account_id == account_id))
        return {row.login_name: row.role for row in rows}


def user_id(people, login):
    return people.rows(User, login_name=login)[0].id


def has_password(people, login):
    with transaction(people.company.id) as db:
        db.scalars(select(User).where(User.login_name == login)).one().password_hash = "x"


def add(browser, base, **form):
    fields = {"display_name": "Cara Day", "login_name": "cara@acme.example", "alternate_email": "", "role": "standard"}
    return browser.submit(f"{base}/users", {**fields, **form}, page=f"{base}/users")


class TestAdding:
    def test_somebody_new_gets_a_letter_to_set_the_password(self, people, alices):
        assert add(alices, f"/account/{people.acme}").status_code == 303
        assert roles(people, people.acme)["cara@acme.example"] == "standard"
        assert [letter.to_address for letter in people.letters("set-password")] == ["cara@acme.example"]

    def test_on_an_inactive_account_the_letter_waits_for_the_activation(self, people, northwind, bobs):
        with transaction(northwind.id) as db:
            account = customer(db, northwind.plans["desk"], OPTION_2, name="Later Ltd")
        add(bobs, f"/customers/{account.id}")
        assert people.letters("set-password") == []
        bobs.submit(f"/customers/{account.id}/activation")
        assert [letter.to_address for letter in people.letters("set-password")] == ["cara@acme.example"]

    def test_a_known_login_is_added_once_it_is_said(self, people, bobs, alice):
        base = f"/customers/{people.ours}"
        first = add(bobs, base, login_name=alice.login_name)
        assert first.status_code == 422 and "signs in here already" in words(first)
        assert alice.login_name not in roles(people, people.ours)
        assert add(bobs, base, login_name=alice.login_name, existing="y").status_code == 303
        assert roles(people, people.ours)[alice.login_name] == "standard"
        assert len(people.rows(User, login_name=alice.login_name)) == 1

    def test_a_customer_adds_no_known_login_and_learns_nothing_of_it(self, people, alices, fiona):
        """They invite; whoever has the login accepts. Red when a customer may add anybody of the white label."""
        answer = add(alices, f"/account/{people.acme}", login_name=fiona.login_name, existing="y")
        assert errors(answer)["login_name"].startswith("This name cannot be used.")
        assert "Fiona" not in answer.text and fiona.login_name not in roles(people, people.acme)

    def test_a_member_is_not_added_again_with_another_role(self, people, bobs, alice):
        base = f"/customers/{people.ours}"
        add(bobs, base, login_name=alice.login_name, existing="y")
        again = add(bobs, base, login_name=alice.login_name, existing="y", role="administrator")
        assert again.status_code == 409 and roles(people, people.ours)[alice.login_name] == "standard"

    def test_our_own_people_do_not_slip_into_a_customers_account(self, people, bobs, fiona):
        answer = add(bobs, f"/customers/{people.waiting}", login_name=fiona.login_name, existing="y")
        assert answer.status_code == 422 and fiona.login_name not in roles(people, people.waiting)

    @pytest.mark.parametrize(("field", "typed"), [
        ("display_name", ""), ("login_name", ""), ("login_name", "cara"), ("alternate_email", "cara"),
        ("login_name", "cara@corp"),
    ])
    def test_what_is_wrong_is_said_beside_its_field(self, people, alices, field, typed):
        answer = add(alices, f"/account/{people.acme}", **{field: typed})
        assert answer.status_code == 422 and list(errors(answer)) == [field]
        assert len(roles(people, people.acme)) == 1

    def test_a_upn_that_takes_no_mail_asks_for_an_address(self, people, bobs):
        answer = add(bobs, f"/customers/{people.ours}", login_name="cara@corp")
        assert answer.status_code == 422 and list(errors(answer)) == ["alternate_email"]
        assert len(roles(people, people.ours)) == 1


class TestANameThatIsNotTheirsToGive:
    """A login name is somebody's for the whole white label; whoever gets its letters is that somebody."""

    def add(self, browser, people, login, letters):
        return add(browser, f"/account/{people.acme}", login_name=login, alternate_email=letters)

    @pytest.mark.parametrize(("login", "letters"), [
        ("ceo@brandnew.example", "alice@acme.example"), ("ceo@corp", "alice@acme.example"),
        ("ceo@uk.acme.example.evil.example", "alice@acme.example"), ("ceo@strasse.example", "ceo@straße.example"),
    ])
    def test_is_refused_with_letters_to_somebody_else(self, people, alices, login, letters):
        """Red without the rule: the wizard would later offer the chief executive's own name as a person to add, and
        Alice would get the letter that activates the account."""
        answer = self.add(alices, people, login, letters)
        said = "Outside acme.example people sign in with the address that their letters go to."
        assert answer.status_code == 422 and errors(answer) == {"login_name": said}
        assert people.rows(User, login_name=login) == [] and people.letters("set-password") == []

    @pytest.mark.parametrize(("login", "letters"), [
        ("cara@partner.example", ""), ("Cara@Partner.example", "cara@PARTNER.example"),
        ("cara@xn--bcher-kva.example", "cara@bücher.example"), ("cara@acme.example", "alice@acme.example"),
        ("cara@ACME.example", "cara@home.example"),
    ])
    def test_is_not_one_whose_letters_go_to_it_or_that_lies_in_the_accounts_own_domain(
        self, people, alices, login, letters
    ):
        assert self.add(alices, people, login, letters).status_code == 303
        assert login.lower() in roles(people, people.acme)

    def test_the_white_label_may_give_any(self, people, bobs):
        """They know their customers, and are shown whose letters go where."""
        answer = add(bobs, f"/customers/{people.ours}", login_name="cara@corp", alternate_email="cara@home.example")
        assert answer.status_code == 303

    def test_who_has_one_is_shown_to_the_white_label_with_where_their_letters_go(self, people, bobs, alices):
        self.add(alices, people, "cara@acme.example", "alice@acme.example")
        offered = words(add(bobs, f"/customers/{people.ours}", login_name="cara@acme.example"))
        assert "Cara Day signs in here already Their letters go to alice@acme.example, which is not the" in offered


class TestThePasswordLetter:
    """Somebody who was added and let the link expire is no dead end."""

    def test_goes_out_again_and_the_older_link_dies(self, people, alices):
        base = f"/account/{people.acme}"
        add(alices, base)
        who = user_id(people, "cara@acme.example")
        assert "Mail the password link" in alices.get(f"{base}/users").text
        assert alices.submit(f"{base}/users/{who}/letter", page=f"{base}/users").status_code == 303
        assert len(people.letters("set-password")) == 1, "the older one is withdrawn"

    def test_not_to_somebody_who_has_a_password(self, people, alices, alice):
        base = f"/account/{people.acme}"
        answer = alices.submit(f"{base}/users/{alice.id}/letter", page=f"{base}/users")
        assert answer.status_code == 409 and people.letters("set-password") == []


class TestRoles:
    def change(self, browser, base, who, role):
        return browser.submit(f"{base}/users/{who}/role", {"role": role}, page=f"{base}/users")

    def hand_over(self, browser, base, who):
        """The main contact of an account that pays for itself stays an administrator: somebody else is it now."""
        browser.submit(f"{base}/users/{who}/main-contact", page=f"{base}/users")

    def test_a_role_is_changed_and_counts_at_once(self, people, alices, client):
        base = f"/account/{people.acme}"
        add(alices, base, role="administrator")
        assert self.change(alices, base, user_id(people, "cara@acme.example"), "finance").status_code == 303
        assert roles(people, people.acme)["cara@acme.example"] == "finance"

    def test_the_last_administrator_stays_one(self, people, alices, alice):
        """Red without the count of administrators."""
        base = f"/account/{people.acme}"
        answer = self.change(alices, base, alice.id, "standard")
        assert answer.status_code == 409 and "last administrator" in words(answer)
        assert roles(people, people.acme)[alice.login_name] == "administrator"

    def test_somebody_who_never_set_a_password_does_not_count(self, people, alices, alice):
        """Red when every administrator counts: nobody could ever run the account again."""
        base = f"/account/{people.acme}"
        add(alices, base, role="administrator", login_name="ghost@typo.example")
        assert self.change(alices, base, alice.id, "standard").status_code == 409

    def test_a_demoted_administrator_is_out_at_the_next_page(self, people, alices, alice):
        """Red when sessions outlive the role."""
        base = f"/account/{people.acme}"
        add(alices, base, role="administrator")
        has_password(people, "cara@acme.example")
        self.hand_over(alices, base, user_id(people, "cara@acme.example"))
        self.change(alices, base, alice.id, "standard")
        answer = alices.get(f"{base}/users")
        assert answer.status_code == 303 and answer.location.startswith("/login")

    def test_changing_ones_own_is_told_before_and_after(self, people, alices, alice):
        """Red when one's own session only ends: the next page asked to sign in, and nobody knew why."""
        base = f"/account/{people.acme}"
        add(alices, base, role="administrator")
        has_password(people, "cara@acme.example")
        self.hand_over(alices, base, user_id(people, "cara@acme.example"))
        assert words(alices.get(f"{base}/users")).count("This is you: another role signs you out.") == 1
        assert self.change(alices, base, alice.id, "administrator").location == f"{base}/users"
        assert self.change(alices, base, alice.id, "standard").location == "/login"
        assert "Your role on Acme Limited is now “Standard user”. Sign in again." in words(alices.get("/login"))

    def test_a_made_up_role_is_refused(self, people, alices, alice):
        assert self.change(alices, f"/account/{people.acme}", alice.id, "operator").status_code == 400

    def test_the_customers_own_administrator_does_not_demote_ours(self, people, alices, bobs, alice, bob):
        base = f"/customers/{people.ours}"
        add(bobs, base, login_name=alice.login_name, existing="y", role="administrator")
        add(bobs, base, login_name=bob.login_name, existing="y", role="administrator")
        mine = f"/account/{people.ours}"
        answer = self.change(alices, mine, bob.id, "standard")
        assert answer.status_code == 409 and roles(people, people.ours)[bob.login_name] == "administrator"


class TestRemoval:
    def test_is_confirmed_and_ends_the_access(self, people, alices):
        base = f"/account/{people.acme}"
        add(alices, base)
        path = f"{base}/users/{user_id(people, 'cara@acme.example')}/removal"
        assert "Remove this person?" in words(alices.get(path))
        assert "cara@acme.example" in roles(people, people.acme)
        assert alices.submit(path).status_code == 303
        assert "cara@acme.example" not in roles(people, people.acme)

    def test_the_main_contact_is_not_removed_but_can_be_another_person(self, people, alices, alice):
        base = f"/account/{people.acme}"
        add(alices, base, role="administrator")
        has_password(people, "cara@acme.example")
        path = f"{base}/users/{alice.id}/removal"
        assert alices.submit(path).status_code == 409
        cara = user_id(people, "cara@acme.example")
        assert alices.submit(f"{base}/users/{cara}/main-contact", page=f"{base}/users").status_code == 303
        assert alices.submit(path).status_code == 303
        assert set(roles(people, people.acme)) == {"cara@acme.example"}

    def test_of_oneself_is_told_before_and_after(self, people, alices, alice):
        """Red when the words are the same for everybody."""
        base = f"/account/{people.acme}"
        add(alices, base, role="administrator")
        has_password(people, cara := "cara@acme.example")
        alices.submit(f"{base}/users/{user_id(people, cara)}/main-contact", page=f"{base}/users")
        path = f"{base}/users/{alice.id}/removal"
        said = words(alices.get(path))
        assert "Remove yourself?" in said and "This is you: you are signed out at once." in said
        assert "This is you" not in words(alices.get(f"{base}/users/{user_id(people, cara)}/removal"))
        assert alices.submit(path).location == "/login"
        assert "You no longer belong to Acme Limited, and are signed out." in words(alices.get("/login"))

    def test_says_what_is_true_of_our_own_people(self, people, bobs, bob, fiona):
        """Red when everybody loses the account: an administrator of the white label opens each customer."""
        base = f"/customers/{people.ours}"
        for person in (bob, fiona):
            add(bobs, base, login_name=person.login_name, existing="y")
        bobs_page, fionas = (words(bobs.get(f"{base}/users/{who.id}/removal")) for who in (bob, fiona))
        assert "You can still open this account as administrator of Northwind" in bobs_page
        assert "They can no longer open this account" in fionas

    def test_speaks_of_extensions_only_where_there_are_some(self, people, bobs, alice):
        """Red when phone settings are not asked: people without any were told that theirs go on as devices."""
        base = f"/customers/{people.ours}"
        add(bobs, base, login_name=alice.login_name, existing="y")
        path = f"{base}/users/{alice.id}/removal"
        assert "extensions" not in words(bobs.get(path))
        with transaction(people.company.id) as db:
            mine = Extension(number="101", name="Alice", user_id=alice.id)
            edit = Edit(Place("extensions", "101"), mine, base=0)
            save(db, db.load(Account, people.ours), edit, by=COMMAND_LINE, side=Side.WHITE_LABEL)
        assert "Their extensions stay, as devices" in words(bobs.get(path))

    def test_a_stranger_to_the_account_is_not_found(self, people, alices, bob):
        assert alices.get(f"/account/{people.acme}/users/{bob.id}/removal").status_code == 404


class TestWhoMayLook:
    def test_the_white_label_only_looks_at_an_active_customers_people(self, people, bobs):
        """MISSION, Decided 8. Red when the white label may add itself to what is the customer's."""
        base = f"/customers/{people.acme}"
        page = bobs.get(f"{base}/users")
        assert "The customer's own administrators look after its people." in words(page)
        assert "Add the person" not in page.text
        token = bobs.token("/password/change")
        form = {"csrf_token": token, "display_name": "Eve", "login_name": "eve@evil.example", "role": "standard"}
        assert bobs.post(f"{base}/users", data=form).status_code == 403
        assert len(roles(people, people.acme)) == 1

    def test_a_standard_user_does_not(self, people, alices, northwind, client):
        from portal.accounts.commands import add_member
        from portal.accounts.lifecycle import Role
        from portal.accounts.queries import customer_or_404
        from portal.identity.commands import add_user
        from tests.cast import PASSWORD, Person, password_hash
        with transaction(northwind.id) as db:
            sam = add_user(db, login_name="sam@acme.example", display_name="Sam", email="sam@acme.example",
                           password_hash=password_hash())
            add_member(db, customer_or_404(db, people.acme), sam, Role.STANDARD)
        sams = client(Person(sam.id, northwind.id, northwind.host, sam.login_name, "Sam", PASSWORD))
        assert sams.get(f"/account/{people.acme}/users").status_code == 403
        assert sams.get(f"/account/{people.acme}").status_code == 200

    def test_a_siblings_account_is_not_found(self, people, alices):
        assert alices.get(f"/account/{people.ours}/users").status_code == 404
        assert alices.get(f"/customers/{people.ours}/users").status_code == 403

    def test_ones_own_people_are_found_without_a_number(self, people, alices):
        assert alices.get("/account/users").location == f"/account/{people.acme}/users"
