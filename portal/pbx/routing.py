"""Where calls to a number go, for the room of numbers, which offers the choice with the assignment."""

from collections.abc import Mapping
from uuid import UUID

from portal.accounts.desks import Desk
from portal.audit.commands import Actor
from portal.kit.db import TenantSession
from portal.kit.refusals import NotAllowed
from portal.numbers import destinations as numbers
from portal.numbers.destinations import Offers, Seen, Told, Wanted
from portal.numbers.models import Number
from portal.pbx import queries
from portal.pbx.commands import DoesNotFit, add
from portal.pbx.configuration import Configuration, Place, Route, Target
from portal.pbx.fields import NotADestination, chosen, destinations
from portal.pbx.rules import why_not_edit
from portal.pbx.words import sentence
from portal.whitelabels.queries import white_label

GONE = "This destination is not there any more. Choose another."


class PhoneSettings:
    """The switchboard of `numbers.destinations`."""

    def offers(self, db: TenantSession, desk: Desk) -> Offers:
        settings = queries.newest(db, desk.account.id)[1]
        return destinations(settings) if not why_not_edit(desk) else []

    def route(self, db: TenantSession, desk: Desk, wanted: Mapping[Number, Wanted], *, by: Actor) -> dict[UUID, str]:
        """One version with all of them, which is checked as a whole as on the form of a new number."""
        if why := why_not_edit(desk):
            raise NotAllowed(why)
        settings, country = queries.newest(db, desk.account.id)[1], white_label(db).country
        routes, wrong = {}, {}
        for number, each in wanted.items():
            try:
                routes[number] = Route(number=number.e164, to=_target(settings, each, country))
            except NotADestination as error:
                wrong[number.id] = str(error)
        return wrong or _saved(db, desk, routes, by=by)

    def seen(self, db: TenantSession, desk: Desk, wanted: Wanted) -> Seen:
        settings, country = queries.newest(db, desk.account.id)[1], white_label(db).country
        try:
            return Seen(words=sentence(_target(settings, wanted, country), settings))
        except NotADestination as error:
            return Seen(wrong=str(error))

    def told(self, db: TenantSession, desk: Desk) -> Told | None:
        if not desk.is_administrator:
            return None
        settings = queries.newest(db, desk.account.id)[1]
        words = {each.number: sentence(each.to, settings) for each in settings.numbers}
        return Told(words, can_edit=not why_not_edit(desk))


def _target(settings: Configuration, wanted: Wanted, country: str) -> Target:
    """Raises NotADestination, also for what is not offered."""
    if wanted.value and wanted.value not in dict(destinations(settings)):
        raise NotADestination(GONE)
    target = chosen(wanted.value, wanted.outside, country)
    if target is None:
        raise NotADestination("Choose where calls go.")
    return target


def _saved(db: TenantSession, desk: Desk, routes: Mapping[Number, Route], *, by: Actor) -> dict[UUID, str]:
    """What does not fit, by the number's id. A fault that shows at another part is said beside each of the numbers."""
    places = {number: Place("numbers", number.e164) for number in routes}
    try:
        add(db, desk.account, {places[number]: route for number, route in routes.items()}, by=by)
    except DoesNotFit as refused:
        at = {number.id: [p.text for p in refused.problems if p.place == place] for number, place in places.items()}
        found = {id: " ".join(texts) for id, texts in at.items() if texts}
        return found or dict.fromkeys(at, refused.text)
    return {}


def listen() -> None:
    """Connect the switchboard. Called when the house is put together."""
    numbers.switchboard = PhoneSettings()
