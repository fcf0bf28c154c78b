"""Numbers and settings for tests of phone settings."""

from datetime import date

from portal.accounts.lifecycle import Side
from portal.accounts.models import Account
from portal.kit.clock import now
from portal.kit.db import TenantSession
from portal.numbers.models import EmergencyAddress, Number
from portal.pbx.commands import Edit, fill, save
from portal.pbx.configuration import (
    Configuration,
    Extension,
    Greeting,
    Group,
    Holiday,
    Hours,
    Interval,
    Kind,
    Place,
    Route,
    Rules,
    Target,
    Voicemail,
)
from portal.pbx.queries import newest

LONDON, OXFORD = "+442079460123", "+441865496012"
BOX = Target(kind=Kind.VOICEMAIL, to="101")


def number(db: TenantSession, account: Account, e164: str = LONDON, *, needs_address: bool = False) -> Number:
    """A number that is assigned to the account."""
    made = Number(e164=e164, kind="geographic", country="GB", price_class="number", needs_address=needs_address,
                  state="assigned", account_id=account.id, assigned_at=now())
    return db.put(made)


def emergency(db: TenantSession, of: Number, state: str = "validated") -> EmergencyAddress:
    return db.put(EmergencyAddress(number_id=of.id, line1="1 High Street", city="London", country="GB", state=state,
                                   entered_by="Bob"))


def target(code: str) -> Target:
    return Target.read(code)


def office(**rules: object) -> Configuration:
    """Two extensions in a ring group, hours, a greeting, and a number that leads there."""
    return Configuration(
        extensions=(
            Extension(number="101", name="Reception", voicemail=Voicemail(on=True, mail_to="desk@acme.example")),
            Extension(number="102", name="Office"),
        ),
        groups=(Group(number="600", name="Everybody", members=("101", "102"), then=BOX),),
        hours=(
            Hours(
                key="h1", name="Office hours", time_zone="Europe/London",
                open=tuple(Interval(day=day, begins="09:00", ends="17:00") for day in range(1, 6)),
                holidays=(Holiday(day=date(2026, 12, 25), name="Christmas"),),
                inside=target("group:600"), outside=BOX,
            ),
        ),
        greetings=(Greeting(key="g1", name="Welcome", text="Thank you for calling.", then=target("hours:h1")),),
        numbers=(Route(number=LONDON, to=target("greeting:g1")),),
        rules=Rules(**rules),  # type: ignore[arg-type]
    )


def set_up(db: TenantSession, account: Account, by, settings: Configuration | None = None) -> int:
    return fill(db, account, settings or office(), "Tests", by=by)


def change(db: TenantSession, account: Account, place: Place, part, by, *, base: int | None = None,
           side: Side = Side.WHITE_LABEL) -> int:
    """An edit made from the newest version, or from `base`."""
    edit = Edit(place, part, newest(db, account.id)[0] if base is None else base)
    return save(db, account, edit, by=by, side=side)
