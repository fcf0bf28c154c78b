"""`portal users forget-factor`: for whoever cannot ask a colleague, such as the only operator."""

from portal.audit.commands import COMMAND_LINE
from portal.identity.factors import take_away
from portal.identity.models import User
from portal.identity.queries import factor_of, user_by_login
from portal.kit.db import PLATFORM, reading, transaction
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import operator, white_labels


class WhichPerson(LookupError):
    """Nobody signs in with that name, or people of several hosts do, or they have no factor. The message is fit to be
    shown."""


def forget_factor(login_name: str, host: str | None, reason: str) -> str:
    """Take a person's second factor away. Raises WhichPerson or NoFactor."""
    found = [(tenant, user) for tenant in _tenants(host) if (user := _person(tenant, login_name)) is not None]
    if not found:
        raise WhichPerson(f"Nobody signs in as {login_name}{f' at {host}' if host else ''}.")
    if len(found) > 1:
        hosts = ", ".join(tenant.host for tenant, _ in found)
        raise WhichPerson(f"{login_name} signs in at several hosts: {hosts}. Name one with --host.")
    [(tenant, user)] = found
    with transaction(tenant.id) as db:
        if factor_of(db, user.id) is None:
            raise WhichPerson(f"{login_name} at {tenant.host} has no second factor.")
        person = take_away(db, user.id, reason=reason, by=COMMAND_LINE)
    return f"The second factor of {person.display_name} at {tenant.host} is taken away, and a letter tells them."


def _tenants(host: str | None) -> list[WhiteLabel]:
    with reading(PLATFORM) as db:
        own = operator(db)
        everybody = ([own] if own is not None else []) + white_labels(db)
    return [tenant for tenant in everybody if host is None or tenant.host == host.casefold()]


def _person(tenant: WhiteLabel, login_name: str) -> User | None:
    with reading(tenant.id) as db:
        return user_by_login(db, login_name)
