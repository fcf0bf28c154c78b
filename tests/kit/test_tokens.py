"""A token works for one purpose, one tenant, one row and one address, and only as it was made."""

from uuid import uuid4

import pytest
from hypothesis import given, strategies as st

from portal.kit import settings as kit_settings
from portal.kit.settings import Settings
from portal.kit.tokens import BadToken, address_digest, digest, issue, read, same

TENANT, LINK = uuid4(), uuid4()


@pytest.fixture(autouse=True)
def secret():
    kit_settings.install(Settings(secret_key="one secret of thirty-two characters"))


def test_what_was_issued_is_read():
    claim = read("activation", issue("activation", TENANT, LINK, "alice@acme.example"))
    assert (claim.white_label_id, claim.link_id) == (TENANT, LINK)
    assert claim.address_digest == address_digest("Alice@ACME.example")


def test_the_same_parts_make_the_same_token():
    """So that a letter sent twice carries one link, and no table has to keep it."""
    assert issue("activation", TENANT, LINK, "a@b.example") == issue("activation", TENANT, LINK, "A@B.example")


def test_each_part_makes_another_token():
    tokens = {
        issue("activation", TENANT, LINK, "a@b.example"), issue("password-reset", TENANT, LINK, "a@b.example"),
        issue("activation", uuid4(), LINK, "a@b.example"), issue("activation", TENANT, uuid4(), "a@b.example"),
        issue("activation", TENANT, LINK, "c@b.example"),
    }
    assert len(tokens) == len({digest(token) for token in tokens}) == 5


def test_another_purpose_is_refused():
    """Red when the purpose is not part of the signature's salt."""
    with pytest.raises(BadToken):
        read("activation", issue("password-reset", TENANT, LINK, "a@b.example"))


def test_another_secret_is_refused():
    token = issue("activation", TENANT, LINK, "a@b.example")
    kit_settings.install(Settings(secret_key="another secret of thirty-two letters"))
    with pytest.raises(BadToken):
        read("activation", token)


def test_every_altered_character_is_refused():
    """The last character of a part may hold unused bits; it must not read as the same text either."""
    token = issue("activation", TENANT, LINK, "a@b.example")
    for place in range(len(token)):
        altered = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1:]
        try:
            read("activation", altered)
        except BadToken:
            continue
        assert not same(digest(altered), digest(token)), f"character {place}"


@pytest.mark.parametrize("token", [
    "", ".", "a.b", "x" * 401, "W10.x", "\u0000", "ü.ü", "null", "[]", "../../etc/passwd", "%2e", "a" * 400,
])
def test_rubbish_is_refused(token):
    with pytest.raises(BadToken):
        read("activation", token)


@given(st.text(max_size=500))
def test_any_text_is_refused_and_nothing_else_is_raised(text):
    with pytest.raises(BadToken):
        read("activation", text)


def test_a_signed_claim_of_another_shape_is_refused():
    from portal.kit.tokens import _signer

    for claim in (b"", b"x", b"AAAA", TENANT.hex.encode(), b"A" * 53, b"A" * 55, b"*" * 54):
        with pytest.raises(BadToken):
            read("activation", _signer("activation").sign(claim).decode())


def test_it_is_short_and_fit_for_an_address():
    token = issue("activation", TENANT, LINK, "a@b.example")
    assert len(token) < 400 and all(c.isalnum() or c in "-_." for c in token)
    assert "@" not in token and "b.example" not in token
