"""Whoever asks in odd ways: sizes, headers, lists of tags, methods. Nothing is a 500, and nothing is let in."""

from base64 import b64encode

import pytest

from portal.kit.db import transaction
from portal.pbx.models import Clip
from portal.whitelabels.queries import white_label
from tests.provisioning.conftest import DIRECTORY

ODD_HEADERS = [
    "", "Bearer", "Bearer ", "Basic", "Basic !!!", "Basic " + "A" * 60_000, "Basic " + b64encode(b"no colon").decode(),
    "Basic " + b64encode(b"pbx:\x00").decode(), "Basic " + b64encode(b"\xff\xfe:\xff").decode(), "Bearer a b c",
    "Bearer " + "x" * 60_000, "Bearer \u00e9", "Digest username=pbx", "Negotiate", "bearer\tx", "Bearer key=pbx", "é",
]


@pytest.mark.parametrize("header", ODD_HEADERS, ids=lambda each: ascii(each[:20]))
@pytest.mark.parametrize("path", ["", "/clips/00000000-0000-0000-0000-000000000000", DIRECTORY])
def test_an_odd_proof_is_no_proof(taken, header, path):
    taken.pbx.key = ""
    ask = taken.pbx.post if path == DIRECTORY else taken.pbx.get
    answer = ask(path if path == DIRECTORY else taken.path + path, headers={"Authorization": header})
    assert answer.status_code == 401 and not answer.data


@pytest.mark.parametrize("account", ["%00", "104-0002%00", "%E2%80%AE", "x" * 5000, "..", "%2e%2e", "' or 1=1 --", "*"])
def test_an_odd_account_is_not_there(taken, account):
    assert taken.pbx.get(f"/provisioning/v1/{account}").status_code == (400 if "%00" in account else 404)


@pytest.mark.parametrize("asked", [
    {"user": "\x00"}, {"user": "x" * 100_000}, {"group": "\x00-600"}, {"group": "-"}, {"group": "-600"},
    {"user": "", "group": "104-" + "9" * 5000}, {"domain": "\x00"}, {"key_name": "id", "key_value": "\x00", "user": ""},
    {"action": "reverse-auth-lookup", "user": ""}, {"purpose": "publish-vm", "user": ""}, {"tag_name": "\u202e"},
])
def test_an_odd_question_is_answered_in_the_documented_way_or_is_a_clear_no(taken, asked):
    answer = taken.pbx.directory(**{"user": "nobody", **asked})
    assert answer.status_code in (200, 400, 413) and "a1-hash" not in answer.text


def test_lists_of_tags_weak_tags_and_the_star_spare_what_is_known(taken):
    """RFC 9110, 13.1.2: the comparison is weak, a list is searched, a star is any."""
    etag = taken.pbx.get(taken.path).headers["ETag"]
    for known in (f'"x", {etag}', f"W/{etag}", f'W/"y" , W/{etag},"z"', "*"):
        answer = taken.pbx.get(taken.path, headers={"If-None-Match": known})
        assert (answer.status_code, answer.data) == (304, b""), known
    for other in ('"x"', "", '"', "W/", ",,,", '"x",' * 4000, etag.strip('"')[:-1]):
        assert taken.pbx.get(taken.path, headers={"If-None-Match": other}).status_code == 200, other[:20]


def test_the_head_of_an_answer_is_that_of_the_answer_without_its_body(taken):
    got, head = taken.pbx.get(taken.path), taken.pbx.head(taken.path)
    assert head.status_code == 200 and head.data == b""
    for name in ("ETag", "Content-Type", "Content-Length"):
        assert head.headers[name] == got.headers[name]
    taken.pbx.key = ""
    assert taken.pbx.head(taken.path).status_code == 401


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_is_written_over_provisioning(taken, method):
    assert taken.pbx.open(taken.path, method=method).status_code == 405


def test_a_clip_of_another_tenant_is_not_there_by_any_account(taken, cast):
    with transaction(cast.kauri.id) as db:
        clip = db.put(Clip(account_id=cast.kauri.account_id, name="Theirs", seconds=1, size=4, sha256="x",
                           content=b"RIFF", created_by="X"))
        assert white_label(db).id == cast.kauri.id
    for account in (taken.number, cast.acme, cast.kauri.account_id):
        assert taken.pbx.get(f"/provisioning/v1/{account}/clips/{clip.id}").status_code == 404


def test_no_key_opens_a_page(taken, cast):
    """A key is for provisioning alone."""
    for path in ("/customers", f"/customers/{cast.acme}/pbx", "/settings/provisioning", "/api/v1/customers"):
        answer = taken.pbx.get(path)
        assert answer.status_code in (302, 303, 401, 403, 404), path
