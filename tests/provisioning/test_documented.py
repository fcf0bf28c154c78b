"""FreeSWITCH's directory is the documented document, whatever people typed into names and settings."""

from dataclasses import replace
from xml.etree import ElementTree

from hypothesis import given, settings as effort, strategies as st

from portal.accounts.models import Account
from portal.kit.db import reading
from portal.kit.lines import TURNING
from portal.pbx.configuration import RULES, Barring, Extension, Place, Route, Rules, Target, Voicemail
from portal.provisioning.directory import entry, plain
from portal.provisioning.document import uptake
from tests.pbx.making import LONDON
from tests.provisioning.test_directory import ODD, named, read

DOCUMENTED = {
    # XML User Directory: which elements may stand in which, and with which attributes.
    "document": ({"section"}, {"type"}), "section": ({"domain", "result"}, {"name"}), "result": (set(), {"status"}),
    "domain": ({"params", "groups"}, {"name"}), "groups": ({"group"}, set()), "group": ({"users"}, {"name"}),
    "users": ({"user"}, set()), "user": ({"params", "variables"}, {"id", "type"}), "params": ({"param"}, set()),
    "variables": ({"variable"}, set()), "param": (set(), {"name", "value"}), "variable": (set(), {"name", "value"}),
}
names = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"), exclude_characters="".join(TURNING)),
                min_size=1, max_size=60)
typed = st.one_of(names, st.sampled_from([
    ODD, "${system(id)}", "$${pi}", '"/><user id="x"><param name="password" value="1"/>', "]]>", "&#x26;&amp;&lt;",
    "<!--#exec x-->", "<X-PRE-PROCESS cmd='exec' data='id'/>", "'; drop--", "𝕬🧑‍🧒", "%s%n", "\\u0000", "=cmd()"]))


def well_made(element):
    inside, attributes = DOCUMENTED[element.tag]
    assert set(element.attrib) <= attributes and not (element.text or "").strip() and not (element.tail or "").strip()
    assert element.tag not in ("param", "variable") or set(element.attrib) == attributes
    for each in element:
        assert each.tag in inside
        well_made(each)


def test_whatever_people_typed_the_document_is_the_documented_one(taken, cast, northwind):
    """Red with the values put into a text as they are, and, for `${`, without `plain`."""
    with reading(northwind.id) as db:
        found = uptake(db, db.load(Account, cast.acme))

        @effort(max_examples=200, deadline=None)
        @given(name=typed, caller_name=typed, greeting=typed, is_barred=st.booleans())
        def holds(name, caller_name, greeting, is_barred):
            box = Voicemail(on=True, greeting=greeting, mail_to="a@acme.example")
            extension = Extension(number="101", name=name, voicemail=box, caller_id=LONDON)
            route = Route(number=LONDON, to=Target.read("extension:101"), caller_name=caller_name[:40])
            settings = found.settings.put(Place("numbers", LONDON), route)
            settings = settings.put(RULES, Rules(barring=Barring(mobile=is_barred)))
            words = entry(replace(found, settings=settings), found.credentials["101"], extension)
            document = ElementTree.fromstring(words)
            well_made(document)
            [user] = document.findall("section/domain/groups/group/users/user")
            variables = named(user, "variable")
            assert variables["effective_caller_id_name"] == plain(name)
            assert variables["outbound_caller_id_name"] == (plain(caller_name[:40]) or plain(name))
            assert ("mobile" in variables["toll_allow"].split(",")) is not is_barred
            assert not any("${" in each.attrib["value"] for each in user.iter() if "value" in each.attrib)
            assert len(variables) == len(user.findall("variables/variable")), "no name is there twice"

        holds()


def test_every_answer_is_as_documented(taken):
    """A user, a group, and the result of what is not there."""
    for asked in ({"user": taken.sip.username}, {"user": "", "group": f"{taken.number}-600"}, {"user": "nobody"}):
        well_made(read(taken.pbx.directory(**asked)))
    assert taken.pbx.directory(user="nobody").text.startswith('<?xml version="1.0" encoding="UTF-8" standalone="no"?>')
