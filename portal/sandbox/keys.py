"""API keys: one key is one isolated account, and what the key is called decides how the account is."""

import hashlib
import json
import re

from portal.sandbox.errors import Invalid, Json
from portal.sandbox.ids import LETTERS
from portal.sandbox.world import World

FORM = re.compile(r"^(sk|rk)_test_[A-Za-z0-9_]{1,200}$")
COUNTRIES = {"gbp": "GB", "nzd": "NZ", "usd": "US", "jpy": "JP", "kwd": "KW", "eur": "DE", "aud": "AU"}


def account_of(world: World, header: str | None) -> Json:
    """The account that the `Authorization` header opens, made when its key is seen for the first time."""
    key = _key_in(header)
    id = account_id(key)
    found = world.store.rows("SELECT facts FROM account WHERE id = ?", id)
    if found:
        account: Json = json.loads(found[0]["facts"])
        return account
    account = _new_account(id, key, world.now())
    world.store.rows(
        "INSERT INTO account (id, key_hint, created, facts) VALUES (?, ?, ?, ?)",
        id,
        hint_of(key),
        account["created"],
        json.dumps(account),
    )
    return account


def account_id(key: str) -> str:
    """The same key gives the same account id on every machine; the key cannot be read back from it."""
    digest = hashlib.sha256(f"sandbox account of {key}".encode()).digest()
    return "acct_" + "".join(LETTERS[byte % len(LETTERS)] for byte in digest[:16])


def hint_of(key: str) -> str:
    """Enough of a key to tell it from others, never enough to use it: its end, at most a third of its secret part."""
    secret = key[8:]
    return f"{key[:8]}…{secret[len(secret) - min(4, len(secret) // 3) :]}"


def _key_in(header: str | None) -> str:
    scheme, _, key = (header or "").partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not key:
        raise _unauthorised("No API key was sent. Send one as 'Authorization: Bearer sk_test_…'.")
    if key.startswith(("sk_live_", "rk_live_")):
        raise _unauthorised("This is a sandbox. It takes no live key, and you should not send one here.")
    if not FORM.match(key):
        raise _unauthorised("The API key has no form that the sandbox knows. Keys begin with sk_test_ or rk_test_.")
    if "_revoked" in key:
        raise _unauthorised(f"The API key {hint_of(key)} was revoked.", "api_key_expired")
    return key


def _unauthorised(message: str, code: str | None = None) -> Invalid:
    return Invalid(message, status=401, code=code)


def _new_account(id: str, key: str, now: int) -> Json:
    words = [word for word in key.lower().split("_")[2:] if word]
    currency = next((word for word in words if word in COUNTRIES), "usd")
    is_ready = words[-1:] != ["notready"]
    name = next((word for word in words if word not in COUNTRIES and word != "notready"), "sandbox").capitalize()
    return {
        "id": id,
        "object": "account",
        "business_profile": _business_profile(name),
        "business_type": None,
        "capabilities": dict.fromkeys(("card_payments", "transfers"), "active" if is_ready else "inactive"),
        "charges_enabled": is_ready,
        "controller": {"type": "account"},
        "country": COUNTRIES[currency],
        "created": now,
        "default_currency": currency,
        "details_submitted": is_ready,
        "email": f"finance@{name.lower()}.example",
        "metadata": {},
        "payouts_enabled": is_ready,
        "requirements": _requirements(is_ready),
        "settings": _settings(name),
        "type": "standard",
    }


def _business_profile(name: str) -> Json:
    return {
        "mcc": None,
        "name": name,
        "product_description": None,
        "support_address": None,
        "support_email": None,
        "support_phone": None,
        "support_url": None,
        "url": None,
    }


def _requirements(is_ready: bool) -> Json:
    due = [] if is_ready else ["business_profile.url", "external_account", "tos_acceptance.date"]
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": due,
        "disabled_reason": None if is_ready else "requirements.past_due",
        "errors": [],
        "eventually_due": due,
        "past_due": due,
        "pending_verification": [],
    }


def _settings(name: str) -> Json:
    return {
        "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
        "dashboard": {"display_name": name, "timezone": "Etc/UTC"},
        "payments": {"statement_descriptor": name.upper()[:22]},
    }
