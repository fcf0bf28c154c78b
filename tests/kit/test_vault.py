"""A sealed secret opens for its own tenant and purpose, with any key of the ring."""

import base64
import os
from contextlib import suppress
from uuid import uuid4

import pytest
from hypothesis import given, strategies as st

from portal.kit import settings as kit_settings
from portal.kit.settings import Settings
from portal.kit.vault import CannotOpen, seal, unseal

OURS, THEIRS = uuid4(), uuid4()
OLD, NEW = (base64.b64encode(os.urandom(32)).decode() for _ in range(2))


def ring(*keys):
    kit_settings.install(Settings(vault_keys=keys))


@pytest.fixture(autouse=True)
def one_key():
    ring(OLD)


def test_it_opens():
    sealed = seal("sk_test_123", white_label_id=OURS, purpose="gateway-key")
    assert unseal(sealed, white_label_id=OURS, purpose="gateway-key") == "sk_test_123"


def test_nothing_of_the_secret_shows_and_no_two_are_alike():
    both = {seal("sk_test_123", white_label_id=OURS, purpose="gateway-key") for _ in range(2)}
    assert len(both) == 2 and not any("sk_test" in sealed for sealed in both)


@pytest.mark.parametrize(("tenant", "purpose"), [(THEIRS, "gateway-key"), (OURS, "webhook-secret")])
def test_it_does_not_open_elsewhere(tenant, purpose):
    """Red when nothing is bound: a row copied to another tenant would work there."""
    sealed = seal("sk_test_123", white_label_id=OURS, purpose="gateway-key")
    with pytest.raises(CannotOpen):
        unseal(sealed, white_label_id=tenant, purpose=purpose)


def test_the_ring_turns_while_serving():
    sealed = seal("sk_test_123", white_label_id=OURS, purpose="gateway-key")
    ring(NEW, OLD)
    assert unseal(sealed, white_label_id=OURS, purpose="gateway-key") == "sk_test_123"
    again = seal("sk_test_123", white_label_id=OURS, purpose="gateway-key")
    ring(NEW)
    assert unseal(again, white_label_id=OURS, purpose="gateway-key") == "sk_test_123"
    with pytest.raises(CannotOpen):
        unseal(sealed, white_label_id=OURS, purpose="gateway-key")


@pytest.mark.parametrize("stored", ["", "v1", "v1.abc", "v1.00000000.AAAA", "v2.", "plain text", "v1..", "v1.ü.ü"])
def test_damage_is_refused(stored):
    with pytest.raises(CannotOpen):
        unseal(stored, white_label_id=OURS, purpose="gateway-key")


def test_every_altered_character_is_refused_or_means_the_same():
    sealed = seal("sk_test_123", white_label_id=OURS, purpose="gateway-key")
    for place in range(len(sealed)):
        altered = sealed[:place] + ("A" if sealed[place] != "A" else "B") + sealed[place + 1:]
        with suppress(CannotOpen):
            assert unseal(altered, white_label_id=OURS, purpose="gateway-key") == "sk_test_123"
    other_version = "v2" + sealed[2:]
    with pytest.raises(CannotOpen):
        unseal(other_version, white_label_id=OURS, purpose="gateway-key")


@given(st.text(max_size=300))
def test_any_text_survives(secret):
    assert unseal(seal(secret, white_label_id=OURS, purpose="x"), white_label_id=OURS, purpose="x") == secret
