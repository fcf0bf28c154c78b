"""Production does not start on a default, and says everything that is wrong at once."""

import base64

import pytest

from portal.kit.settings import (
    DEVELOPMENT_SECRET,
    DEVELOPMENT_VAULT_KEY,
    Settings,
    UnsafeSettings,
    from_environment,
    root,
)

GOOD = {
    "PORTAL_ENV": "production",
    "PORTAL_SECRET_KEY": "a secret that is long enough for production",
    "PORTAL_VAULT_KEYS": base64.b64encode(b"k" * 32).decode(),
    "PORTAL_SCHEME": "https",
    "MAIL_FROM": "portal@highwire.example",
    "DATABASE_URL": "sqlite:////srv/portal.sqlite3",
}


def test_good_settings_start():
    settings = from_environment(GOOD)
    assert settings.is_production and settings.is_secure


def test_development_starts_with_nothing_set():
    assert from_environment({}) == Settings()


@pytest.mark.parametrize(("name", "value", "words"), [
    ("PORTAL_SECRET_KEY", DEVELOPMENT_SECRET, "PORTAL_SECRET_KEY"), ("PORTAL_SECRET_KEY", "short", "PORTAL_SECRET_KEY"),
    ("PORTAL_SECRET_KEY", None, "PORTAL_SECRET_KEY"), ("PORTAL_VAULT_KEYS", None, "PORTAL_VAULT_KEYS"),
    ("PORTAL_VAULT_KEYS", f"{GOOD['PORTAL_VAULT_KEYS']},{DEVELOPMENT_VAULT_KEY}", "PORTAL_VAULT_KEYS"),
    ("PORTAL_VAULT_KEYS", "", "PORTAL_VAULT_KEYS"), ("PORTAL_VAULT_KEYS", "not base64!", "32 bytes"),
    ("PORTAL_VAULT_KEYS", base64.b64encode(b"k" * 31).decode(), "32 bytes"), ("MAIL_FROM", None, "MAIL_FROM"),
    ("PORTAL_SCHEME", "http", "PORTAL_SCHEME"), ("PORTAL_SCHEME", None, "PORTAL_SCHEME"),
    ("PORTAL_SCHEME", "ftp", "PORTAL_SCHEME"),
    ("STRIPE_API_BASE", "http://127.0.0.1:12111", "STRIPE_API_BASE"), ("PORTAL_ENV", "prod", "PORTAL_ENV"),
])
def test_production_refuses_each_default(name, value, words):
    given = {key: text for key, text in {**GOOD, name: value}.items() if text is not None}
    with pytest.raises(UnsafeSettings, match=words):
        from_environment(given)


def test_every_problem_is_named_at_once():
    with pytest.raises(UnsafeSettings) as refused:
        from_environment({"PORTAL_ENV": "production", "STRIPE_API_BASE": "http://localhost"})
    for name in ("PORTAL_SECRET_KEY", "PORTAL_VAULT_KEYS", "PORTAL_SCHEME", "STRIPE_API_BASE", "MAIL_FROM"):
        assert name in str(refused.value)


def test_no_secret_is_printed_with_the_problem():
    with pytest.raises(UnsafeSettings) as refused:
        from_environment({**GOOD, "PORTAL_SECRET_KEY": "sesame", "PORTAL_VAULT_KEYS": "open,sesame"})
    assert "sesame" not in str(refused.value)


@pytest.mark.parametrize("name", ["PORTAL_PUBLIC_PORT", "PORTAL_TRUSTED_PROXIES", "MAIL_PORT"])
@pytest.mark.parametrize("value", ["eighty", "-1", "8 0", "٨", "1e3", "999999"])
def test_what_is_no_number_is_named(name, value):
    with pytest.raises(UnsafeSettings, match=name):
        from_environment({name: value})


def test_addresses_are_made_of_what_is_stored():
    settings = Settings(scheme="https")
    assert settings.address("kauri.example", "/activate/x") == "https://kauri.example/activate/x"
    assert Settings(public_port=8000).address("kauri.localhost") == "http://kauri.localhost:8000/"


def test_the_root_holds_the_package_and_its_migrations():
    assert (root() / "portal" / "kit").is_dir() and (root() / "migrations" / "env.py").is_file()


@pytest.mark.parametrize("path", ["bounces", "bounces@", "@mail.example", "a b@mail.example", "bounces@mail\n.example",
                                  "bounces+x@mail.example", "b" * 22 + "@mail.example", "bounces@mail.example@x"])
def test_a_return_path_that_no_mail_server_would_take_is_refused(path):
    """With the reference the name has to fit into 64 octets."""
    with pytest.raises(UnsafeSettings, match="MAIL_RETURN_PATH"):
        from_environment({"MAIL_RETURN_PATH": path})


def test_a_secret_of_the_mail_service_that_can_be_guessed_is_refused():
    with pytest.raises(UnsafeSettings, match="MAIL_BOUNCES_SECRET") as refused:
        from_environment({"MAIL_BOUNCES_SECRET": "sesame"})
    assert "sesame" not in str(refused.value)
    assert from_environment({"MAIL_BOUNCES_SECRET": "s" * 32}).mail_bounces_secret == "s" * 32
