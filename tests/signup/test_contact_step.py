"""Step 1, contact and business: every field is taken and kept, and what is wrong is said beside its field."""

import pytest

from portal.identity.commands import add_user
from portal.identity.passwords import is_right
from portal.kit.db import transaction
from tests.cast import on_sqlite
from tests.signup.browsing import CONTACT, PASSWORD, errors, is_ticked, value, words


def kept(stored):
    (draft,) = stored()
    return draft.answers["contact"]


class TestWhatIsKept:
    def test_every_field_of_option_1(self, option_1, stored):
        assert option_1.contact(alternate_email="dora.private@quist.example").status_code == 303
        assert kept(stored) == {
            "name": "Birch Dental", "primary_domain": "birch.example", "display_name": "Dora Quist",
            "login_name": "dora@birch.example", "alternate_email": "dora.private@quist.example",
            "email": "dora.private@quist.example", "existing": False, "send_letters": True}

    def test_every_field_of_option_2_and_the_password_only_as_its_hash(self, option_2, stored):
        """Red when the form's own data is kept."""
        assert option_2.contact().status_code == 303
        answers = kept(stored)
        assert is_right(PASSWORD, answers.pop("password_hash"))
        assert answers == {
            "name": "Birch Dental", "primary_domain": "birch.example", "display_name": "Dora Quist",
            "login_name": "dora@birch.example", "alternate_email": "", "email": "dora@birch.example",
            "existing": False, "send_letters": True}

    def test_what_is_written_untidily_is_kept_in_its_form(self, option_2, stored):
        option_2.contact(name="  Birch   Dental ", primary_domain=" BÜCHER.example. ", login_name="Dora@BIRCH.example")
        answers = kept(stored)
        assert (answers["name"], answers["primary_domain"], answers["login_name"]) == (
            "Birch   Dental", "xn--bcher-kva.example", "dora@birch.example")

    def test_option_1_has_no_password_and_takes_none(self, option_1, stored):
        """Only the customer chooses it. Red when the form of Option 2 serves both."""
        page = option_1.page("contact")
        assert value(page, "password") is None and "The customer chooses it while activating" in words(page)
        option_1.contact(password=PASSWORD, again=PASSWORD)
        assert "password_hash" not in kept(stored)

    def test_fields_that_are_not_on_the_page_change_nothing(self, option_2, stored):
        option_2.contact(password_hash="$argon2id$stolen", email="eve@evil.example", administration="customer",
                         account_id="1", white_label_id="1")
        (draft,) = stored()
        assert draft.administration == "white_label" and draft.account_id is None
        assert draft.answers["contact"]["email"] == "dora@birch.example"
        assert is_right(PASSWORD, draft.answers["contact"]["password_hash"])


class TestWhereLettersGo:
    def test_to_the_login_name_unless_another_address_is_given(self, option_1, stored):
        option_1.contact(login_name="DORA@Birch.example", alternate_email="")
        assert kept(stored)["email"] == "dora@birch.example"

    def test_to_the_alternate_address_when_there_is_one(self, option_1, stored):
        option_1.contact(alternate_email="letters@birch.example")
        assert kept(stored)["email"] == "letters@birch.example"

    @pytest.mark.parametrize("upn", ["dora@corp", "dora@birch.local"])
    def test_a_upn_that_takes_no_mail_asks_for_an_address(self, option_1, stored, upn):
        """Red when the login name is taken for an address: the activation letter could never arrive."""
        answer = option_1.contact(login_name=upn)
        assert answer.status_code == 422
        assert errors(answer) == {
            "alternate_email": "The login name takes no mail. Write the address that letters go to."}
        assert stored()[0].answers == {}
        assert option_1.contact(login_name=upn, alternate_email="dora@quist.example").status_code == 303
        assert (kept(stored)["login_name"], kept(stored)["email"]) == (upn, "dora@quist.example")

    @pytest.mark.parametrize("address", ["dora", "a@b.example, c@d.example", "dora@birch.example\r\nBcc: x@y.example"])
    def test_one_address_is_one_address(self, option_1, address):
        assert "alternate_email" in errors(option_1.contact(alternate_email=address))

    def test_letters_are_on_unless_switched_off(self, option_2, stored):
        assert is_ticked(option_2.page("contact"), "send_letters")
        option_2.contact(send_letters=None)
        assert kept(stored)["send_letters"] is False
        assert not is_ticked(option_2.page("contact"), "send_letters")


@on_sqlite
class TestWhatIsWrong:
    @pytest.mark.parametrize(("field", "typed", "said"), [
        ("name", "", "Write the customer's name."), ("name", "x" * 121, "Write at most 120 characters."),
        ("name", "Birch\nDental", "Leave out line breaks and control characters."),
        ("primary_domain", "", "Write the customer's domain."),
        ("primary_domain", "dora@birch.example", "Write the domain alone, without the part before the @."),
        ("primary_domain", "co.uk", "“co.uk” is an ending that many share. Write the customer's own domain."),
        ("primary_domain", "birch", "Write a domain such as acme.example."),
        ("display_name", " ", "Write the person's name."),
        ("login_name", "", "Write the login name."),
        ("login_name", "dora", "Write one e-mail address, such as name@company.example."),
        ("password", "short", "Use 12 characters or more. Several words are fine."),
        ("password", "x" * 300, "Use at most 256 characters."),
        ("again", "another kettle on a sill", "This differs from the password above."),
    ])
    def test_is_said_beside_its_field_and_nothing_is_kept(self, option_2, stored, field, typed, said):
        answer = option_2.contact(**{field: typed})
        assert answer.status_code == 422 and errors(answer)[field] == said
        assert stored()[0].answers == {}

    def test_what_was_typed_comes_back_with_it(self, option_2):
        answer = option_2.contact(name="Birch & Sons <Ltd>", primary_domain="co.uk", send_letters=None)
        assert value(answer, "name") == "Birch & Sons <Ltd>" and value(answer, "primary_domain") == "co.uk"
        assert value(answer, "login_name") == CONTACT["login_name"] and not is_ticked(answer, "send_letters")

    def test_a_password_with_a_name_in_it_is_refused(self, option_2):
        """Names that a guesser reads in the letter: of the person, the login, the white label."""
        for guessable in ("dora quist of the hills", "northwind over the hills", "the birch on a hill 7"):
            assert "Leave out" in errors(option_2.contact(password=guessable, again=guessable))["password"]

    def test_no_answer_at_all_is_four_answers_missing(self, option_1):
        answer = option_1.post("contact")
        assert answer.status_code == 422
        assert set(errors(answer)) >= {"name", "primary_domain", "display_name", "login_name"}


class TestALoginNameThatIsTaken:
    def test_is_said_beside_the_field(self, option_2, alice, stored):
        answer = option_2.contact(login_name=alice.login_name.upper())
        assert answer.status_code == 422
        assert errors(answer)["login_name"] == (
            "Somebody signs in with this name already. Add this person, or choose another name.")
        assert value(answer, "name") == "Birch Dental" and stored()[0].answers == {}

    def test_its_person_is_offered_and_can_be_added(self, option_2, alice, stored):
        offered = option_2.contact(login_name=alice.login_name)
        assert "Alice Lindqvist signs in here already" in words(offered) or "signs in here already" in words(offered)
        added = option_2.contact(login_name=alice.login_name, existing="y", password="", again="", display_name="Al")
        assert added.status_code == 303
        answers = kept(stored)
        assert (answers["existing"], answers["email"], answers["display_name"]) == (True, alice.login_name, alice.name)
        assert "password_hash" not in answers

    @pytest.mark.parametrize("how", ["sent", "suggested", "come back to"])
    def test_it_is_said_at_once_whose_letters_go_where(self, option_1, northwind, how):
        """Red when the name alone is shown: the activation letter could go to anybody."""
        if how == "come back to":
            option_1.contact()
        with transaction(northwind.id) as db:
            add_user(db, login_name="dora@birch.example", display_name="Dora Quist", email="dora@elsewhere.example")
        if how == "come back to":
            page = option_1.page("contact")
        else:
            page = option_1.contact(display_name="Dora", **({"suggest": "1"} if how == "suggested" else {}))
        assert (
            "Dora Quist signs in here already Their letters go to dora@elsewhere.example, which is not the login name."
            in words(page))

    def test_somebody_whose_letters_go_to_the_login_name_is_no_warning(self, option_1, alice):
        page = option_1.contact(login_name=alice.login_name)
        assert f"Their letters go to {alice.login_name}. Nobody gets a second login." in words(page)

    def test_ticking_the_box_for_somebody_new_adds_nobody(self, option_2, stored):
        """Red when the box alone skips the password."""
        assert "password" in errors(option_2.contact(existing="y", password="", again=""))
        assert option_2.contact(existing="y").status_code == 303 and kept(stored)["existing"] is False

    def test_our_own_people_are_no_customers(self, option_2, fiona, stored):
        """Red without the look at the white-label account: an administrator could activate what only customers may."""
        answer = option_2.contact(login_name=fiona.login_name, existing="y")
        assert "one of your own people" in errors(answer)["login_name"] and stored()[0].answers == {}

    def test_by_staff_counts_as_well(self, option_2, fiona):
        assert "login_name" in errors(option_2.contact(login_name=fiona.login_name))

    def test_in_another_white_label_is_free_here(self, option_2, charlie):
        """Two logins; neither knows of the other. Red when a login name is unique over all tenants."""
        assert option_2.contact(login_name=charlie.login_name).status_code == 303


@on_sqlite
class TestASuggestion:
    def test_is_made_from_the_name_and_the_domain(self, option_1, stored):
        answer = option_1.contact(display_name="Dóra van Quist", login_name="", suggest="1")
        assert answer.status_code == 200 and value(answer, "login_name") == "dora.quist@birch.example"
        for name in ("dora@birch.example", "dquist@birch.example", "info@birch.example"):
            assert f'<option value="{name}">' in answer.text
        assert stored()[0].answers == {}

    @pytest.mark.parametrize(("domain", "said"), [
        ("", "Write the customer's domain first."), ("birch", "Write a domain such as acme.example."),
        ("a@b.example", "without the part before the @"), ("co.uk", "an ending that many share"),
    ])
    def test_without_a_domain_there_is_none_and_the_domain_says_why(self, option_1, domain, said):
        """Red when the login name is marked: it is not what is wrong."""
        answer = option_1.contact(primary_domain=domain, login_name="dora", suggest="1")
        assert answer.status_code == 422 and value(answer, "login_name") == "dora"
        assert list(errors(answer)) == ["primary_domain"] and said in errors(answer)["primary_domain"]

    def test_a_pasted_address_will_do(self, option_1):
        answer = option_1.contact(primary_domain="https://www.birch.example/contact", login_name="", suggest="1")
        assert value(answer, "login_name") == "dora.quist@birch.example"
        assert value(answer, "primary_domain") == "birch.example"


@on_sqlite
class TestThePassword:
    def test_it_is_wanted(self, option_2):
        assert errors(option_2.contact(password="", again="")) == {
            "password": "Choose a password, or let us generate one."}

    def test_it_is_retyped(self, option_2):
        assert "again" in errors(option_2.contact(again=""))

    def test_it_is_not_asked_again_once_it_is_set(self, option_2, stored):
        option_2.contact()
        before = kept(stored)["password_hash"]
        page = option_2.page("contact")
        assert "One is set: leave this empty to keep it." in words(page) and value(page, "password") == ""
        assert option_2.contact(name="Birch & Co", password="", again="").status_code == 303
        assert kept(stored)["password_hash"] == before and kept(stored)["name"] == "Birch & Co"

    def test_a_new_one_takes_its_place(self, option_2, stored):
        option_2.contact()
        another = "seven boats in the fog"
        option_2.contact(password=another, again=another)
        assert is_right(another, kept(stored)["password_hash"])
        assert not is_right(PASSWORD, kept(stored)["password_hash"])
