"""FreeSWITCH's user directory, as mod_xml_curl asks for it.

Asked: a form with `section`, `tag_name`, `key_name`, `key_value`, `domain`, `user` or `group`, `purpose`, `action`.
Answered: a document of the type freeswitch/xml with the section `directory`, or with the section `result` and the
status `not found`, on which FreeSWITCH looks elsewhere (FreeSWITCH Explained: mod_xml_curl, XML User Directory).
"""

import re
from collections.abc import Iterable, Mapping
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from portal.accounts.models import Account
from portal.kit.db import TenantSession
from portal.pbx.configuration import Barring, Extension
from portal.pbx.credentials import username_of
from portal.pbx.models import SipCredential
from portal.pbx.queries import credential_named
from portal.provisioning.document import Uptake, account_called, uptake
from portal.whitelabels.queries import white_label

# What XML 1.0 cannot carry at all (section 2.2), escaped or not.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# FreeSWITCH looks a variable's value through for more of them, and `${…}` may also run one of its commands.
_VARIABLE = re.compile(r"\$+(?=\{)")
DIAL = "{presence_id=${dialed_user}@${dialed_domain}}${sofia_contact(${dialed_user}@${dialed_domain})}"


def answer(db: TenantSession, asked: Mapping[str, str]) -> str:
    """The directory's entry for the user or group that is asked for, or the result `not found`."""
    host = white_label(db).host
    domain = asked.get("domain") or (asked.get("key_value", "") if asked.get("key_name") == "name" else "")
    if asked.get("section") != "directory" or domain.casefold() != host:
        return NOT_FOUND
    user = asked.get("user") or (asked.get("key_value", "") if asked.get("key_name") == "id" else "")
    if user:
        return _user(db, host, user.casefold())
    return _group(db, host, asked.get("group", ""))


def _not_found() -> str:
    document = Element("document", type="freeswitch/xml")
    SubElement(SubElement(document, "section", name="result"), "result", status="not found")
    return _text(document)


def _user(db: TenantSession, host: str, username: str) -> str:
    credential = credential_named(db, username)
    found = uptake(db, db.load(Account, credential.account_id)) if credential is not None else None
    extension = found.settings.extension(credential.extension) if found and credential else None
    if found is None or credential is None or extension is None or credential.realm != host:
        return NOT_FOUND
    return entry(found, credential, extension)


def entry(found: Uptake, credential: SipCredential, extension: Extension) -> str:
    """A user as the directory tells of one, in a group that is the whole account."""
    document, users = _frame(credential.realm, found.account.number)
    user = SubElement(users, "user", id=credential.username)
    _pairs(SubElement(user, "params"), "param", _params(extension, credential.ha1))
    _pairs(SubElement(user, "variables"), "variable", _variables(found, extension))
    return _text(document)


def _group(db: TenantSession, host: str, name: str) -> str:
    """The members of a ring group, each a pointer that FreeSWITCH asks for by itself."""
    number, _, wanted = name.rpartition("-")
    found = uptake(db, account_called(db, number)) if number else None
    group = next((each for each in found.settings.groups if each.number == wanted), None) if found else None
    if found is None or group is None:
        return NOT_FOUND
    document, users = _frame(host, name)
    for member in group.members:
        if member in found.credentials:
            SubElement(users, "user", id=username_of(found.account, member), type="pointer")
    return _text(document)


def _frame(host: str, group: str) -> tuple[Element, Element]:
    """The document, and the element in it that users belong into."""
    document = Element("document", type="freeswitch/xml")
    domain = SubElement(SubElement(document, "section", name="directory"), "domain", name=host)
    _pairs(SubElement(domain, "params"), "param", [("dial-string", DIAL)], is_ours=True)
    return document, SubElement(SubElement(SubElement(domain, "groups"), "group", name=group), "users")


def _params(extension: Extension, ha1: str) -> list[tuple[str, str]]:
    box = extension.voicemail
    mailed = [
        ("vm-mailto", box.mail_to),
        ("vm-email-all-messages", "true"),
        ("vm-attach-file", "true"),
        ("vm-keep-local-after-email", "true"),
    ]
    return [("a1-hash", ha1), ("vm-enabled", _bool(box.on)), *(mailed if box.on and box.mail_to else [])]


def _variables(found: Uptake, extension: Extension) -> list[tuple[str, str]]:
    number, is_withheld = found.caller_id(extension)
    outside = [("outbound_caller_id_number", number), ("outbound_caller_id_name", found.caller_name(extension))]
    hidden = [("origination_privacy", "screen+hide_name+hide_number")]
    return [
        ("user_context", found.account.number),
        ("accountcode", found.account.number),
        ("portal_extension", extension.number),
        ("effective_caller_id_number", extension.number),
        ("effective_caller_id_name", extension.name),
        *((name, value) for name, value in outside if number and value),
        *(hidden if is_withheld else []),
        ("toll_allow", toll_allow(found.barring(extension))),
        ("portal_record", _bool(extension.records or found.settings.rules.records)),
    ]


def toll_allow(barring: Barring) -> str:
    """The calls that are put through, in the words that FreeSWITCH's own dialplan uses, and two more."""
    kinds = {"mobile": barring.mobile, "premium": barring.premium, "international": barring.international}
    return ",".join(["local", "domestic", *(kind for kind, is_barred in kinds.items() if not is_barred)])


def _pairs(parent: Element, tag: str, pairs: Iterable[tuple[str, str]], *, is_ours: bool = False) -> None:
    for name, value in pairs:
        SubElement(parent, tag, name=name, value=value if is_ours else plain(value))


def plain(text: str) -> str:
    """What people typed, without what XML cannot carry and without what FreeSWITCH would carry out."""
    return _VARIABLE.sub("", _NO_XML.sub("", text))


def _bool(is_on: bool) -> str:
    return "true" if is_on else "false"


def _text(document: Element) -> str:
    words: str = ElementTree.tostring(document, encoding="unicode")
    return '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n' + words + "\n"


NOT_FOUND = _not_found()
