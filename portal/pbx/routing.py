"""Where calls to a number go, for the room of numbers, which offers the choice with the assignment."""

from portal.accounts.desks import Desk
from portal.audit.commands import Actor
from portal.kit.db import TenantSession
from portal.kit.refusals import NotAllowed
from portal.numbers.destinations import OUTSIDE, Offers, Told, Wanted, switchboard
from portal.numbers.e164 import NotANumber
from portal.numbers.models import Number
from portal.pbx import queries
from portal.pbx.commands import DoesNotFit, Edit, save
from portal.pbx.configuration import Configuration, Place, Route, Target
from portal.pbx.fields import destinations, number_outside
from portal.pbx.rules import why_not_edit
from portal.pbx.words import sentence
from portal.whitelabels.queries import white_label


class PhoneSettings:
    """The switchboard of `numbers.destinations`."""

    def offers(self, db: TenantSession, desk: Desk) -> Offers:
        settings = queries.newest(db, desk.account.id)[1]
        return destinations(settings) if settings.has_parts and not why_not_edit(desk) else []

    def route(self, db: TenantSession, desk: Desk, number: Number, wanted: Wanted, *, by: Actor) -> str:
        """The same edit as on the form of a new number: a version of its own, checked as a whole."""
        if why := why_not_edit(desk):
            raise NotAllowed(why)
        version, settings = queries.newest(db, desk.account.id)
        place = Place("numbers", number.e164)
        try:
            to = _target(settings, wanted, white_label(db).country)
        except NotANumber as error:
            return str(error)
        except ValueError:
            return "This destination is not there any more. Choose another."
        try:
            edit = Edit(place, Route(number=number.e164, to=to), version, is_new=True)
            save(db, desk.account, edit, by=by, side=desk.side)
        except DoesNotFit as refused:
            return " ".join(each.text for each in refused.problems if each.place == place) or refused.text
        return ""

    def told(self, db: TenantSession, desk: Desk) -> Told | None:
        if not desk.is_administrator:
            return None
        settings = queries.newest(db, desk.account.id)[1]
        words = {each.number: sentence(each.to, settings) for each in settings.numbers}
        return Told(words, can_edit=not why_not_edit(desk))


def _target(settings: Configuration, wanted: Wanted, country: str) -> Target:
    """Raises NotANumber, and ValueError for what is not offered."""
    if wanted.value == OUTSIDE:
        return number_outside(wanted.outside, country)
    if wanted.value not in dict(destinations(settings)):
        raise ValueError(wanted.value)
    return Target.read(wanted.value)


def listen() -> None:
    """Connect the switchboard. Called when the house is put together."""
    switchboard[:] = [PhoneSettings()]
