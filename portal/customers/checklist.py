"""What an account still lacks before its calls work, as a list of steps in the order in which they are taken."""

from dataclasses import dataclass
from uuid import UUID

from portal.accounts.lifecycle import State
from portal.accounts.models import Account
from portal.accounts.queries import members_of
from portal.catalogue.queries import services_on_sale
from portal.kit.db import TenantSession
from portal.numbers.models import Number
from portal.numbers.queries import emergency_addresses_of, numbers_of, works
from portal.pbx.configuration import Configuration
from portal.pbx.queries import credentials_of, newest


@dataclass(frozen=True)
class Step:
    """`way` is the act that does it, in words for a link to `href`; both are empty where nothing is to be done yet."""

    title: str
    line: str
    is_done: bool
    href: str
    way: str


def checklist(db: TenantSession, account: Account, reader: UUID | None = None) -> list[Step]:
    """The steps of setting an account up: all of them while it waits for us, later only what does not work yet.

    `reader` is the person who reads them, whom they call “you”.
    """
    if account.state == State.CLOSED or (account.state == State.INACTIVE and account.is_run_by_customer):
        return []
    base, numbers = f"/customers/{account.id}", list(numbers_of(db, account.id))
    version, settings = newest(db, account.id)
    phones = _phone_settings(base, numbers, settings, _phones_without_sign_in(db, account, settings), version)
    emergency = _emergency(db, account, base, numbers)
    if account.state == State.INACTIVE:
        people, later = _people(db, account, base, reader), _services(db)
        return [_numbers(base, numbers), *emergency, people, phones, _activation(base), *later]
    return [step for step in (*emergency, phones) if not step.is_done] if numbers or version else []


def next_steps(db: TenantSession, account: Account, reader: UUID | None = None) -> list[Step]:
    """What to do right after the creation; people alone where the customer does the rest."""
    return checklist(db, account, reader) or [_people(db, account, f"/customers/{account.id}", reader)]


def _numbers(base: str, numbers: list[Number]) -> Step:
    line = f"{_counted(len(numbers), 'number')} assigned." if numbers else "None yet."
    return Step("Numbers", line, bool(numbers), f"{base}/numbers", "Add numbers")


def _emergency(db: TenantSession, account: Account, base: str, numbers: list[Number]) -> list[Step]:
    """Only where a number needs an address."""
    if not any(number.needs_address for number in numbers):
        return []
    addresses = emergency_addresses_of(db, account.id)
    dead = sum(not works(number, addresses.get(number.id)) for number in numbers)
    line = f"{_counted(dead, 'number')} without: calls do not work there." if dead else "Validated for each number."
    return [Step("Emergency addresses", line, not dead, f"{base}/numbers", "Add the address")]


def _people(db: TenantSession, account: Account, base: str, reader: UUID | None) -> Step:
    """Whoever reads it is one of them by “you”, after the others."""
    members = sorted(members_of(db, account.id), key=lambda each: each[1].id == reader)
    names = ["you" if user.id == reader else user.display_name for _, user in members]
    names[0] = "You" if names[0] == "you" else names[0]
    more = f" and {names[1] if len(names) == 2 else f'{len(names) - 1} more'}" if len(names) > 1 else ""
    return Step("People", f"{names[0]}{more}.", True, f"{base}/users", "Add or invite people")


def _phone_settings(
    base: str, numbers: list[Number], settings: Configuration, without_sign_in: int, version: int
) -> Step:
    routed = {route.number for route in settings.numbers}
    silent = sum(number.e164 not in routed for number in numbers)
    if not version:
        line = "Nothing is set up yet: a call would ring nowhere."
    elif silent:
        line = f"{_counted(silent, 'number')} that ring{'s' if silent == 1 else ''} nowhere."
    elif without_sign_in:
        whose = "its" if without_sign_in == 1 else "their"
        line = f"{_counted(without_sign_in, 'telephone')} without a sign-in of {whose} own."
    else:
        line = "Each number rings somewhere."
    is_done = bool(version) and not silent and not without_sign_in
    return Step("Phone settings", line, is_done, f"{base}/pbx", "Set up the phones")


def _phones_without_sign_in(db: TenantSession, account: Account, settings: Configuration) -> int:
    known = credentials_of(db, account.id)
    return sum(extension.number not in known for extension in settings.extensions)


def _activation(base: str) -> Step:
    line = "Nothing is charged, and nobody signs in, before."
    return Step("Activation", line, False, f"{base}/activation", "Activate…")


def _services(db: TenantSession) -> list[Step]:
    """Only where some are on sale that are switched on one by one."""
    is_any = any(service.kind != "usage" and not service.counts_numbers for service in services_on_sale(db))
    return [Step("Services", "After the activation.", False, "", "")] if is_any else []


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
