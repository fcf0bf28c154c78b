"""The FreeSWITCH directory, as mod_xml_curl asks for it and as FreeSWITCH documents it."""

from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings as effort, strategies as st

from portal.accounts.models import Account
from portal.kit.db import transaction
from portal.pbx.configuration import RULES, Barring, Extension, Place, Rules, Voicemail
from portal.pbx.credentials import ha1
from portal.pbx.queries import credentials_of
from portal.provisioning.directory import plain
from tests.pbx.making import LONDON, change

NOT_FOUND = ["document", "section", "result"]


def tags(document):
    return [each.tag for each in document.iter()]


def read(answer):
    assert answer.status_code == 200 and answer.mimetype == "text/xml"
    document = ElementTree.fromstring(answer.data)
    assert document.tag == "document" and document.attrib == {"type": "freeswitch/xml"}
    assert [section.attrib["name"] for section in document] in (["directory"], ["result"])
    return document


def is_not_found(answer):
    document = read(answer)
    result = document.find("section/result")
    return tags(document) == NOT_FOUND and result.attrib == {"status": "not found"}


def named(user, kind):
    return {each.attrib["name"]: each.attrib["value"] for each in user.findall(f"{kind}s/{kind}")}


def test_a_telephone_that_registers_is_found(taken, northwind):
    document = read(taken.pbx.directory(user=taken.sip.username))
    domain = document.find("section[@name='directory']/domain")
    assert domain.attrib == {"name": northwind.host}
    assert domain.find("params/param").attrib["name"] == "dial-string"
    [user] = domain.findall("groups/group/users/user")
    assert user.attrib == {"id": taken.sip.username}
    params, variables = named(user, "param"), named(user, "variable")
    assert params["a1-hash"] == ha1(taken.sip.username, northwind.host, taken.sip.password)
    assert "password" not in params
    assert (params["vm-enabled"], params["vm-mailto"]) == ("true", "desk@acme.example")
    assert variables["user_context"] == variables["accountcode"] == taken.number
    assert (variables["effective_caller_id_number"], variables["effective_caller_id_name"]) == ("101", "Reception")
    assert variables["toll_allow"] == "local,domestic,mobile,premium,international"


def test_the_username_is_read_in_small_letters_and_the_domain_too(taken, northwind):
    asked = {"user": taken.sip.username.upper(), "domain": northwind.host.upper()}
    assert not is_not_found(taken.pbx.directory(**asked))


def test_caller_id_and_barring_are_those_of_the_settings(taken, cast, northwind):
    with transaction(northwind.id) as db:
        account = db.load(Account, cast.acme)
        change(db, account, RULES, Rules(caller_id=LONDON, barring=Barring(international=True)), cast.bob.actor)
    variables = named(read(taken.pbx.directory(user=taken.sip.username)).find(".//user"), "variable")
    assert variables["outbound_caller_id_number"] == LONDON and "origination_privacy" not in variables
    assert variables["toll_allow"] == "local,domestic,mobile,premium"
    with transaction(northwind.id) as db:
        change(db, db.load(Account, cast.acme), RULES, Rules(caller_id="withheld"), cast.bob.actor)
    variables = named(read(taken.pbx.directory(user=taken.sip.username)).find(".//user"), "variable")
    assert variables["origination_privacy"] == "screen+hide_name+hide_number"
    assert "outbound_caller_id_number" not in variables


def test_a_ring_group_is_pointers_to_the_telephones_that_can_ring(taken):
    document = read(taken.pbx.directory(user="", group=f"{taken.number}-600", action="group_call"))
    users = document.findall("section/domain/groups/group/users/user")
    office = taken.sip.username.replace("-101", "-102")
    assert [user.attrib for user in users] == [{"id": each, "type": "pointer"} for each in (taken.sip.username, office)]


def test_an_extension_without_a_telephone_keeps_its_voicemail_and_lets_nobody_in(taken, cast, northwind):
    """Red, as not found, without a password of its own from the start."""
    with transaction(northwind.id) as db:
        part = Extension(number="103", name="Box", voicemail=Voicemail(on=True))
        change(db, db.load(Account, cast.acme), Place("extensions", "103"), part, cast.bob.actor)
        assert set(credentials_of(db, cast.acme)) == {"101"}, "nobody was shown one for the others"
    params = named(read(taken.pbx.directory(user=taken.sip.username.replace("-101", "-103"))).find(".//user"), "param")
    assert params["vm-enabled"] == "true" and len(params["a1-hash"]) == 32 and "password" not in params


@pytest.mark.parametrize("asked", [
    {"user": "nobody"}, {"user": ""}, {"user": "104-0002-999"}, {"domain": "kauri.localhost"}, {"domain": "x" * 5000},
    {"section": "dialplan"}, {"section": ""}, {"purpose": "gateways"}, {"purpose": "network-list"},
    {"group": "no-600"}, {"group": "600"}, {"user": "\u202e<a b='c'>&\r\n"}, {"user": "' or 1=1 --"},
])
def test_whatever_is_not_there_is_the_result_not_found(taken, asked):
    assert is_not_found(taken.pbx.directory(**{"user": "", **asked}))


def test_a_request_without_any_form_is_the_result_not_found(taken):
    assert is_not_found(taken.pbx.post("/provisioning/v1/freeswitch/directory"))


@pytest.mark.parametrize("state", ["inactive", "suspended", "closed"])
def test_an_account_that_is_not_active_is_not_found(taken, state):
    taken.move_to(state)
    assert is_not_found(taken.pbx.directory(user=taken.sip.username))
    assert is_not_found(taken.pbx.directory(user="", group=f"{taken.number}-600"))


def test_another_tenants_telephone_is_not_found(taken):
    """Under its own host, and under the one of the tenant whose key it is."""
    for domain in (taken.pbx.host, taken.kauri.host):
        assert is_not_found(taken.kauri.directory(user=taken.sip.username, domain=domain))


def test_a_wrong_key_is_401(taken):
    taken.pbx.key = "pbx_wrong"
    assert taken.pbx.directory(user=taken.sip.username).status_code == 401


ODD = "<b>“Ann & Bob's”</b> ]]> 🙈 \"quoted\" 'single' é ﷽"


def test_names_full_of_markup_quotes_and_emoji_survive(taken, cast, northwind):
    with transaction(northwind.id) as db:
        box = Voicemail(on=True, mail_to="a+b_%c@acme.example", greeting=ODD)
        extension = Extension(number="101", name=ODD, voicemail=box)
        change(db, db.load(Account, cast.acme), Place("extensions", "101"), extension, cast.bob.actor)
    user = read(taken.pbx.directory(user=taken.sip.username)).find(".//user")
    assert named(user, "variable")["effective_caller_id_name"] == ODD
    assert named(user, "param")["vm-mailto"] == "a+b_%c@acme.example"
    assert taken.pbx.get(taken.path).json["extensions"][0]["name"] == ODD


@pytest.mark.parametrize("words, left", [
    ("${system(touch /tmp/x)}", "{system(touch /tmp/x)}"), ("$${domain}", "{domain}"), ("$$$${a}", "{a}"),
    ("5 $ a day", "5 $ a day"), ("a\x00b\x0bc\ufffe\ud800d", "abcd"), ("$\x00{a}", "{a}"),
])
def test_freeswitch_carries_out_nothing_that_somebody_typed(words, left):
    """Its variables may run commands. Red with `_VARIABLE` left out of `plain`."""
    assert plain(words) == left


@effort(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(st.characters(codec=None, categories=None), max_size=30))
def test_any_text_at_all_is_carried_by_the_document(words):
    element = ElementTree.Element("variable", value=plain(words))
    carried = ElementTree.fromstring(ElementTree.tostring(element, encoding="unicode")).attrib["value"]
    assert carried == plain(words) and "${" not in carried
