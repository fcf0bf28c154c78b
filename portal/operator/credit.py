"""The operator's credit commands, for the command line: a white label is named by its host."""

from portal.accounts.commands import give_credit, set_credit_limit
from portal.accounts.queries import white_label_account
from portal.audit.commands import COMMAND_LINE
from portal.kit.db import PLATFORM, reading, transaction
from portal.kit.ids import new_id
from portal.kit.money import parse, zero_or_more
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label_at


class UnknownHost(LookupError):
    """The message is fit to be shown."""


def give(host: str, amount: str, reason: str) -> str:
    """Raises UnknownHost for an unknown host, NotAnAmount for what is no amount."""
    tenant = tenant_at(host)
    money = parse(amount, tenant.currency)
    with transaction(tenant.id) as db:
        account = white_label_account(db)
        give_credit(db, account, money.minor, request_id=new_id(), reason=reason, by=COMMAND_LINE)
    return f"{tenant.name} was credited {money.words(tenant.locale)}."


def limit(host: str, amount: str) -> str:
    """As above; zero is an amount here."""
    tenant = tenant_at(host)
    money = zero_or_more(amount, tenant.currency)
    with transaction(tenant.id) as db:
        set_credit_limit(db, white_label_account(db), money.minor, by=COMMAND_LINE)
    return f"{tenant.name} may owe {money.words(tenant.locale)}."


def tenant_at(host: str) -> WhiteLabel:
    """Raises UnknownHost."""
    with reading(PLATFORM) as db:
        found = white_label_at(db, host.casefold())
    if found is None or found.is_operator:
        raise UnknownHost(f"No white label has the host {host}.")
    return found
