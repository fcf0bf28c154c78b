"""What a PBX needs of one account, as JSON. The names of the fields are a promise: see docs/provisioning.md."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.accounts.lifecycle import State
from portal.accounts.models import Account
from portal.kit.db import TenantSession
from portal.numbers.models import EmergencyAddress, Number
from portal.numbers.queries import emergency_addresses_of, numbers_of, works
from portal.pbx.configuration import (
    WITHHELD,
    Barring,
    Configuration,
    Extension,
    Greeting,
    Group,
    Hours,
    Route,
    Target,
)
from portal.pbx.models import SipCredential
from portal.pbx.queries import newest, sip_users_of
from portal.pbx.words import BARRED_WORDS
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label

Json = dict[str, Any]


@dataclass(frozen=True)
class Uptake:
    """One account as a PBX takes it up: its settings, and what of them works at this moment."""

    tenant: WhiteLabel
    account: Account
    version: int
    settings: Configuration
    credentials: dict[str, SipCredential]
    numbers: list[Number]
    addresses: dict[UUID, EmergencyAddress]

    @cached_property
    def working(self) -> dict[str, Number]:
        """By E.164, found once: each extension asks."""
        return {each.e164: each for each in self.numbers if works(each, self.addresses.get(each.id))}

    @cached_property
    def routes(self) -> dict[str, Route]:
        return {route.number: route for route in self.settings.numbers}

    def caller_id(self, extension: Extension) -> tuple[str | None, bool]:
        """The number that calls out show, and whether it is withheld. A number that does not work is not shown."""
        chosen = extension.caller_id or self.settings.rules.caller_id
        return (chosen if chosen in self.working else None, chosen == WITHHELD)

    def caller_name(self, extension: Extension) -> str:
        number, _ = self.caller_id(extension)
        route = self.routes.get(number) if number is not None else None
        return (route.caller_name if route is not None else "") or extension.name

    def barring(self, extension: Extension) -> Barring:
        """What is barred for an extension: what is barred for the account, and its own besides."""
        pairs = ((getattr(self.settings.rules.barring, k), getattr(extension.barring, k)) for k in BARRED_WORDS)
        return Barring(**dict(zip(BARRED_WORDS, (one or other for one, other in pairs), strict=True)))


def uptake(db: TenantSession, account: Account | None) -> Uptake | None:
    """None for an account that no PBX may serve: there is none, or it is inactive, suspended or closed."""
    if account is None or account.kind != "customer" or account.state != State.ACTIVE:
        return None
    version, settings = newest(db, account.id)
    return Uptake(
        tenant=white_label(db),
        account=account,
        version=version,
        settings=settings,
        credentials=sip_users_of(db, account.id),
        numbers=list(numbers_of(db, account.id)),
        addresses=emergency_addresses_of(db, account.id),
    )


def account_called(db: TenantSession, words: str) -> Account | None:
    """The account with this number or id."""
    try:
        return db.load(Account, UUID(words))
    except ValueError:
        return db.scalar(select(Account).where(Account.number == words))


def document(found: Uptake) -> str:
    """The same settings are the same text, byte for byte, so that its digest can stand for it."""
    return json.dumps(_whole(found), ensure_ascii=False, indent=1) + "\n"


def _whole(found: Uptake) -> Json:
    settings, account = found.settings, found.account
    return {
        "account": {"id": str(account.id), "number": account.number, "name": account.name},
        "version": found.version,
        "realm": found.tenant.host,
        "time_zone": found.tenant.time_zone,
        "extensions": [_extension(found, each) for each in settings.extensions],
        "ring_groups": [_group(each) for each in settings.groups],
        "schedules": [_schedule(each) for each in settings.hours],
        "greetings": [_greeting(each) for each in settings.greetings],
        "numbers": [_number(found, each) for each in found.working.values()],
        "left_out": [_left_out(found, each) for each in found.numbers if each.e164 not in found.working],
        "hold_music": _clip(settings.rules.hold_music),
        "recording": {"all_calls": settings.rules.records, "notice": settings.rules.notice},
        "spend_cap": _cap(found),
    }


def _extension(found: Uptake, each: Extension) -> Json:
    number, is_withheld = found.caller_id(each)
    credential = found.credentials.get(each.number)
    moves, box = each.forwarding, each.voicemail
    return {
        "number": each.number,
        "name": each.name,
        "sip": _sip(credential),
        "caller_id": {"number": number, "name": found.caller_name(each), "withheld": is_withheld},
        "forwarding": {
            "always": _target(moves.always),
            "busy": _target(moves.busy),
            "no_answer": _target(moves.no_answer),
            "no_answer_after_s": moves.no_answer_s,
            "unreachable": _target(moves.unreachable),
        },
        "voicemail": {
            "on": box.on,
            "mail_to": box.mail_to or None,
            "greeting": {"text": box.greeting or None, "clip": _clip(box.clip)},
        },
        "barred": [kind for kind in BARRED_WORDS if getattr(found.barring(each), kind)],
        "records": each.records or found.settings.rules.records,
    }


def _sip(credential: SipCredential | None) -> Json | None:
    if credential is None:
        return None
    return {
        "username": credential.username,
        "realm": credential.realm,
        "ha1": credential.ha1,
        "algorithm": "MD5",
    }


def _group(each: Group) -> Json:
    return {
        "number": each.number,
        "name": each.name,
        "members": list(each.members),
        "strategy": each.strategy.value,
        "ring_s": each.ring_s,
        "then": _target(each.then),
    }


def _schedule(each: Hours) -> Json:
    return {
        "key": each.key,
        "name": each.name,
        "time_zone": each.time_zone,
        "open": [{"day": times.day, "begins": times.begins, "ends": times.ends} for times in each.open],
        "holidays": [{"day": holiday.day.isoformat(), "name": holiday.name} for holiday in each.holidays],
        "inside": _target(each.inside),
        "outside": _target(each.outside),
    }


def _greeting(each: Greeting) -> Json:
    return {
        "key": each.key,
        "name": each.name,
        "text": each.text or None,
        "clip": _clip(each.clip),
        "then": _target(each.then),
    }


def _number(found: Uptake, number: Number) -> Json:
    route = found.routes.get(number.e164)
    return {
        "number": number.e164,
        "target": _target(route.to) if route else None,
        "caller_name": (route.caller_name or None) if route else None,
    }


def _left_out(found: Uptake, number: Number) -> Json:
    address = found.addresses.get(number.id)
    state = address.state if address is not None else "missing"
    return {"number": number.e164, "reason": f"emergency address {state}"}


def _target(target: Target | None) -> Json | None:
    return {"kind": target.kind.value, "to": target.to} if target is not None else None


def _clip(clip: UUID | None) -> str | None:
    return str(clip) if clip is not None else None


def _cap(found: Uptake) -> Json | None:
    cap = found.settings.rules.spend_cap_minor
    return None if cap is None else {"minor": cap, "currency": found.tenant.currency, "per": "month"}
