"""What changes phone settings. Each change is a new version; nothing that was is ever written over."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import delete

from portal.accounts.lifecycle import Side
from portal.accounts.models import Account
from portal.audit.commands import SYSTEM, Actor, record
from portal.events.commands import raise_event
from portal.identity.models import User
from portal.kit.bulk import insert_if_absent
from portal.kit.db import TenantSession
from portal.kit.refusals import NotAllowed, NotFound, Refusal
from portal.numbers import commands as numbers
from portal.numbers.e164 import international
from portal.numbers.models import Number
from portal.pbx import queries
from portal.pbx.check import Problem, check, targets
from portal.pbx.configuration import (
    EMPTY,
    RULES,
    Anything,
    Configuration,
    Extension,
    Forwarding,
    Kind,
    Place,
    Rules,
    differing,
)
from portal.pbx.credentials import keep_known
from portal.pbx.models import LAST_VERSION, PbxVersion, SipCredential
from portal.pbx.rules import keeps_limits
from portal.pbx.words import said, title

# So many others may save first, one after the other, before a save gives up.
TRIES = 50


@dataclass(frozen=True)
class Edit:
    """One part as somebody wants it, or none, and the version they looked at when they decided so.

    `is_new` is a part that must not be there yet.
    """

    place: Place
    part: Anything | None
    base: int
    is_new: bool = False


class ChangedMeanwhile(Refusal):
    """Somebody else changed the same part since: whoever came second decides, and nothing is written over."""

    heading = "Somebody else changed this meanwhile"
    text = "Open the page again to see what is there now. Nothing of yours was saved."

    def __init__(self, version: int, theirs: Anything | None, base: Anything | None) -> None:
        super().__init__()
        self.version, self.theirs, self.base = version, theirs, base


class DoesNotFit(Refusal):
    """The settings would not make sense as a whole."""

    heading = "These settings do not fit together"

    def __init__(self, problems: list[Problem], settings: Configuration = EMPTY) -> None:
        super().__init__(_told(problems, settings))
        self.problems, self.settings = problems, settings


class LimitsAreThePayers(NotAllowed):
    heading = "Whoever pays sets the limits"
    text = "The spend cap and the barring belong to whoever pays for the account. Ask them."


class CannotUndo(Refusal):
    heading = "This change cannot be taken back"
    text = "What it changed was changed again since. Take the later change back first."


class SetUpAlready(Refusal):
    heading = "There are settings already"
    text = "A template fills an account that has none yet. Change what is there, or take it back in the history."


class TooBusy(Refusal):
    heading = "Others are saving at this moment"
    text = "Try again in a moment."


DIALLED = ("extensions", "groups")


def save(db: TenantSession, account: Account, edit: Edit, *, by: Actor, side: Side) -> int:
    """Put one part in place, and return the version that holds then. Saving what is there already changes nothing.

    Raises ChangedMeanwhile when the part is not what it was at the edit's base, DoesNotFit with every problem that
    the change would bring, LimitsAreThePayers for a cap or a barring that are not set from this side.
    """
    for _ in range(TRIES):
        version, present = queries.newest(db, account.id)
        if present.at(edit.place) == edit.part:
            return version
        if edit.is_new:
            _refuse_taken(present, edit.place)
        base = queries.settings_at(db, account.id, edit.base)
        seen = base.at(edit.place) if base is not None else None
        if base is None or seen != present.at(edit.place):
            raise ChangedMeanwhile(version, present.at(edit.place), seen)
        wanted = present.put(edit.place, edit.part)
        if keeps_limits(side, account) and _limits(wanted) != _limits(present):
            raise LimitsAreThePayers
        _refuse_unfit(db, account, present, wanted)
        what = said(edit.place, present.at(edit.place), edit.part)
        if _append(db, account, version, present, wanted, what=what, by=by):
            return version + 1
    raise TooBusy


def add(db: TenantSession, account: Account, parts: Mapping[Place, Anything], *, by: Actor) -> int:
    """Put parts that are not there yet in place, all as one version, which is returned. Raises DoesNotFit."""
    for _ in range(TRIES):
        version, present = queries.newest(db, account.id)
        wanted = present
        for place, part in parts.items():
            _refuse_taken(wanted, place)
            wanted = wanted.put(place, part)
        _refuse_unfit(db, account, present, wanted)
        what = "; ".join(said(place, None, part) for place, part in parts.items())
        if _append(db, account, version, present, wanted, what=what, by=by):
            return version + 1
    raise TooBusy


def fill(db: TenantSession, account: Account, wanted: Configuration, name: str, *, by: Actor) -> int:
    """Set up an account that has nothing but rules, from a template. Raises SetUpAlready or DoesNotFit."""
    version, present = queries.newest(db, account.id)
    if present.has_parts:
        raise SetUpAlready
    wanted = with_rules_of(present, wanted)
    _refuse_unfit(db, account, present, wanted)
    if not _append(db, account, version, present, wanted, what=f"Template “{name}” filled in", by=by):
        raise SetUpAlready
    return version + 1


def with_rules_of(present: Configuration, made: Configuration) -> Configuration:
    """A template's settings with every rule that somebody set before."""
    was_set = {name: value for name, value in present.rules if value != getattr(Rules(), name)}
    return made.put(RULES, made.rules.model_copy(update=was_set))


def undo(db: TenantSession, account: Account, version: int, *, by: Actor, side: Side) -> int:
    """Take one version back, as a new one. Raises NotFound, or CannotUndo when it was built upon since."""
    if not 1 <= version <= LAST_VERSION:
        raise NotFound
    for _ in range(TRIES):
        after, before = (queries.settings_at(db, account.id, v) for v in (version, version - 1))
        if after is None or before is None:
            raise NotFound
        last, present = queries.newest(db, account.id)
        wanted = present
        for place in differing(before, after):
            if present.at(place) != after.at(place):
                raise CannotUndo
            wanted = wanted.put(place, before.at(place))
        if keeps_limits(side, account) and _limits(wanted) != _limits(present):
            raise CannotUndo(LimitsAreThePayers.text)
        problems = _new_problems(db, account, present, wanted)
        if problems:
            raise CannotUndo(_told(problems, wanted))
        if _append(db, account, last, present, wanted, what=f"Change {version} taken back", by=by, undoes=version):
            return last + 1
    raise TooBusy


def _told(problems: list[Problem], settings: Configuration) -> str:
    """Each problem once, with the part that has it."""
    told = [f"{title(problem.place, settings.at(problem.place))}: {problem.text}" for problem in problems]
    return " ".join(dict.fromkeys(told))


def _limits(settings: Configuration) -> tuple[object, object]:
    return settings.rules.spend_cap_minor, settings.rules.barring


def forget_number(db: TenantSession, account: Account, number: Number) -> None:
    """The account lost a number: nothing refers to it any more."""

    def without(settings: Configuration) -> Configuration:
        settings = settings.put(Place("numbers", number.e164), None)
        for each in settings.extensions:
            if each.caller_id == number.e164:
                settings = settings.put(Place("extensions", each.id), each.model_copy(update={"caller_id": None}))
        if settings.rules.caller_id == number.e164:
            settings = settings.put(RULES, settings.rules.model_copy(update={"caller_id": None}))
        return settings

    _clean(db, account, without, f"{international(number.e164)} was released")


def forget_member(db: TenantSession, account: Account, user: User) -> None:
    """Somebody left the account: their extensions stay as devices, and their telephones can no longer sign in."""
    theirs = [each for each in queries.newest(db, account.id)[1].extensions if each.user_id == user.id]
    reached_them = any(each != _device(each).model_copy(update={"user_id": user.id}) for each in theirs)

    def without(settings: Configuration) -> Configuration:
        for each in settings.extensions:
            if each.user_id == user.id:
                settings = settings.put(Place("extensions", each.id), _device(each))
        return settings

    ended = "; messages and forwarding to them ended" if reached_them else ""
    _clean(db, account, without, f"{user.display_name} left the account{ended}")
    _drop_credentials(db, account, {each.number for each in theirs})
    keep_known(db, account, (each.number for each in theirs))


def _device(extension: Extension) -> Extension:
    """The extension without its person, whom neither messages nor calls reach outside any more."""
    ways = {name: way for name, way in targets(extension) if way.kind is not Kind.EXTERNAL}
    moves = Forwarding(no_answer_s=extension.forwarding.no_answer_s, **ways)
    box = extension.voicemail.model_copy(update={"mail_to": ""})
    return extension.model_copy(update={"user_id": None, "voicemail": box, "forwarding": moves})


def listen() -> None:
    """Hear of numbers that are released. Called once, when the house is put together."""
    numbers.after_released[:] = [*(heard for heard in numbers.after_released if heard != forget_number), forget_number]


def _clean(db: TenantSession, account: Account, without: Callable[[Configuration], Configuration], what: str) -> None:
    for _ in range(TRIES):
        version, present = queries.newest(db, account.id)
        wanted = without(present)
        if wanted == present or _append(db, account, version, present, wanted, what=what, by=SYSTEM):
            return
    raise TooBusy


def _refuse_taken(present: Configuration, place: Place) -> None:
    """A new part has a number of its own: an extension's is no ring group's, nor the other way round."""
    if present.at(place) is not None:
        raise DoesNotFit([Problem(place, "number", f"{place.key} is there already.")])
    for there in (Place(section, place.key) for section in DIALLED if place.section in DIALLED):
        if (part := present.at(there)) is not None:
            text = f"{title(there, part)} has this number already. Choose another."
            raise DoesNotFit([Problem(place, "number", text)])


def _new_problems(db: TenantSession, account: Account, present: Configuration, wanted: Configuration) -> list[Problem]:
    """What a change would make wrong. What was wrong before it is no reason to refuse it."""
    around = queries.around(db, account.id)
    known = check(present, around)
    return [problem for problem in check(wanted, around) if problem not in known]


def _refuse_unfit(db: TenantSession, account: Account, present: Configuration, wanted: Configuration) -> None:
    problems = _new_problems(db, account, present, wanted)
    if problems:
        raise DoesNotFit(problems, wanted)


def _append(
    db: TenantSession,
    account: Account,
    version: int,
    present: Configuration,
    wanted: Configuration,
    *,
    what: str,
    by: Actor,
    undoes: int | None = None,
) -> bool:
    """Write the version that follows `version`, unless somebody else just did; says whether it was written."""
    places = [place.section + (f"/{place.key}" if place.key else "") for place in differing(present, wanted)]
    is_written = insert_if_absent(
        db,
        PbxVersion,
        account_id=account.id,
        version=version + 1,
        document=wanted.model_dump(mode="json"),
        what=what,
        undoes=undoes,
        by_kind=by.kind,
        by_id=by.id,
        by_name=by.name,
    )
    if is_written:
        gone = {each.number for each in present.extensions} - {each.number for each in wanted.extensions}
        _drop_credentials(db, account, gone)
        keep_known(db, account, (each.number for each in wanted.extensions))
        record(db, "pbx.changed", by=by, subject=account.id, what=what, version=version + 1)
        raise_event(db, "pbx.changed", account=account.id, version=version + 1, places=places)
    return is_written


def _drop_credentials(db: TenantSession, account: Account, extensions: set[str]) -> None:
    ours = SipCredential.account_id == account.id, SipCredential.extension.in_(extensions)
    db.execute(delete(SipCredential).where(*ours))
