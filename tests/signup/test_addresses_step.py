"""Step 2, addresses and the general contact."""

import pytest

from tests.cast import on_sqlite
from tests.signup.browsing import errors, is_ticked, value, words

pytestmark = on_sqlite


def kept(stored):
    (draft,) = stored()
    return draft.answers.get("addresses")


@pytest.fixture
def wizard(option_2):
    """Steps may be answered in any order; only the review needs all of them."""
    return option_2


def test_every_field_is_kept(wizard, stored):
    assert wizard.addresses(
        same_address=None, service_line1="9 Low Road", service_line2="Gate 3", service_city="Cork",
        service_region="Co. Cork", service_postcode="T12 X70A", service_country="IE").status_code == 303
    assert kept(stored) == {
        "line1": "4 Quay Street", "line2": "Floor 2", "city": "Bristol", "region": "Avon", "postcode": "BS1 4XY",
        "country": "GB", "same_address": False, "service_line1": "9 Low Road", "service_line2": "Gate 3",
        "service_city": "Cork", "service_region": "Co. Cork", "service_postcode": "T12 X70A", "service_country": "IE",
        "contact_name": "Reception", "contact_phone": "+44 117 496 0192", "contact_email": "desk@birch.example"}


def test_the_service_address_is_the_same_unless_it_is_said_otherwise(wizard, stored):
    page = wizard.page("addresses")
    assert is_ticked(page, "same_address") and value(page, "country") == "GB"
    assert wizard.addresses().status_code == 303 and kept(stored)["same_address"] is True


def test_general_contact_and_second_lines_are_optional(wizard):
    none = dict.fromkeys(("line2", "region", "contact_name", "contact_phone", "contact_email"), "")
    assert wizard.addresses(**none).status_code == 303


@pytest.mark.parametrize(("field", "typed", "said"), [
    ("line1", "", "Write the street and number."), ("city", "", "Fill this in: an address in this country needs it."),
    ("line1", "x" * 121, "Write at most 120 characters."), ("postcode", "x" * 21, "Write at most 20 characters."),
    ("contact_phone", "call me", "Write a phone number, such as 0117 496 0192."),
    ("contact_phone", "0117", "This phone number is too short or too long."),
    ("contact_email", "desk", "Write one e-mail address, such as name@company.example."),
    ("contact_name", "Recep\ttion", "Leave out line breaks and control characters."),
    ("country", "XX", "Not a valid choice."), ("country", "ALL", "Not a valid choice."),
    ("country", "", "Not a valid choice."),
])
def test_what_is_wrong_is_said_beside_its_field(wizard, stored, field, typed, said):
    answer = wizard.addresses(**{field: typed})
    assert answer.status_code == 422 and errors(answer)[field].startswith(said)
    assert kept(stored) is None


def test_another_service_address_needs_its_street_and_town(wizard):
    """Red when the second address is optional whatever the switch says: emergency calls would go nowhere."""
    answer = wizard.addresses(same_address=None)
    assert errors(answer) == {
        "service_line1": "Write the street and number of the service address.",
        "service_city": "Fill this in: an address in this country needs it.",
        "service_postcode": "Fill this in: an address in this country needs it."}


PLACES = {
    "GB": {}, "DE": {"country": "DE", "region": "", "postcode": "10115"},
    "NZ": {"country": "NZ", "region": "", "postcode": "6011"},
    "US": {"country": "US", "region": "ny", "postcode": "10001"},
    "FR": {"country": "FR", "region": "", "postcode": "33000"},
}


class TestTheCountry:
    """What an address needs follows its country. Red when one country's rules serve all."""

    @pytest.mark.parametrize(("typed", "kept_as"), [
        ({"postcode": "bs14xy"}, {"postcode": "BS1 4XY"}),
        ({"country": "US", "region": "california", "postcode": "95014", "contact_phone": ""},
         {"region": "CA", "postcode": "95014"}),
        ({"country": "CA", "region": "ON", "postcode": "k1a0b1", "contact_phone": ""},
         {"region": "ON", "postcode": "K1A 0B1"}),
        ({"country": "IE", "region": "Cork", "postcode": ""}, {"region": "Co. Cork"}),
        ({"country": "HK", "region": "Kowloon", "city": "", "postcode": ""}, {"region": "Kowloon", "city": ""}),
        ({"country": "SG", "region": "", "city": "", "postcode": "546080", "contact_phone": ""},
         {"postcode": "546080"}),
    ])
    def test_a_right_address_is_kept_in_its_form(self, wizard, stored, typed, kept_as):
        assert wizard.addresses(**typed).status_code == 303
        assert {name: kept(stored)[name] for name in kept_as} == kept_as

    @pytest.mark.parametrize(("typed", "wrong"), [
        ({"postcode": "94043"}, {"postcode": "Write one such as EC1Y 8SY."}),
        ({"postcode": ""}, {"postcode": "Fill this in: an address in this country needs it."}),
        ({"country": "US", "region": "", "postcode": "95014", "contact_phone": ""},
         {"region": "Fill this in: an address in this country needs it."}),
        ({"country": "US", "region": "Avon", "postcode": "BS1 4XY", "contact_phone": ""},
         {"region": "This is no state of that country. Write its name in full.",
          "postcode": "Write one such as 95014."}),
    ])
    def test_a_wrong_one_is_said_in_the_countrys_words(self, wizard, stored, typed, wrong):
        answer = wizard.addresses(**typed)
        assert answer.status_code == 422 and errors(answer) == wrong and kept(stored) is None

    def test_another_country_brings_its_own_fields_and_keeps_what_was_typed(self, wizard, stored):
        answer = wizard.addresses(country="US", region="", country_chosen="1")
        assert answer.status_code == 200 and kept(stored) is None
        assert "ZIP code" in words(answer) and "State" in words(answer) and value(answer, "city") == "Bristol"


class TestTheTelephone:
    @pytest.mark.parametrize(("typed", "country", "kept_as"), [
        ("0117 496 0192", "GB", "+44 117 496 0192"), ("030 901820", "DE", "+49 30 901820"),
        ("09 555 0114", "NZ", "+64 9 555 0114"), ("(212) 555-0123", "US", "+1 212-555-0123"),
        ("01 23 45 67 89", "FR", "+33 1 23 45 67 89"), ("+353 21 496 0192", "GB", "+353 21 496 0192"),
    ])
    def test_is_read_the_way_the_customers_country_writes_it(self, wizard, stored, typed, country, kept_as):
        """Red when it is read as the white label's country writes it: Berlin's 030 would become a British number."""
        assert wizard.addresses(contact_phone=typed, **PLACES[country]).status_code == 303
        assert kept(stored)["contact_phone"] == kept_as

    def test_comes_back_as_it_was_typed_when_it_is_wrong(self, wizard):
        assert value(wizard.addresses(contact_phone="0117"), "contact_phone") == "0117"


def test_countries_are_offered_by_name_and_the_white_labels_own_is_chosen(wizard):
    page = wizard.page("addresses")
    assert "United Kingdom" in words(page) and value(page, "service_country") == "GB"
    wizard.addresses(country="IE", region="", postcode="")
    assert value(wizard.page("addresses"), "country") == "IE"
