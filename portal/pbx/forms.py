"""The forms of phone settings: each reads one part, and stands at one that was saved before."""

from abc import ABCMeta, abstractmethod
from typing import Any
from uuid import UUID

from flask import g, request
from wtforms import (
    BooleanField,
    FormField,
    RadioField,
    SelectField,
    StringField,
)
from wtforms.form import FormMeta
from wtforms.validators import Regexp, StopValidation

from portal.kit.forms import PortalForm, Text, choices
from portal.kit.money import Money, NotAnAmount, zero_or_more
from portal.kit.world import read_time_zone
from portal.numbers.e164 import international
from portal.pbx.configuration import (
    LONGEST_RING_S,
    MAIL,
    Anything,
    Barring,
    Extension,
    Forwarding,
    Greeting,
    Group,
    Holiday,
    Hours,
    Interval,
    Route,
    Rules,
    Strategy,
    Voicemail,
)
from portal.pbx.fields import Offered, SecondsField, TargetField, numbered
from portal.pbx.rows import HolidayForm, OpenForm, RowsField, added_or_removed
from portal.pbx.words import STRATEGY_WORDS

MOVES = ("always", "busy", "no_answer", "unreachable")
NUMBER = Regexp(r"^[0-9]{2,6}\Z", message="Write two to six digits.")
BARRED = ("international", "premium", "mobile")
STRATEGIES = choices((each.value, STRATEGY_WORDS[each]) for each in Strategy)


class PartMeta(FormMeta, ABCMeta):
    """Forms of which some are only there to be built upon."""


class PartForm(PortalForm, metaclass=PartMeta):
    """What the form of every part does, besides its fields."""

    ROWS: tuple[str, ...] = ()

    @abstractmethod
    def offer(self, offered: Offered, key: str = "") -> None:
        """Fill the choices; `key` is that of a part which is there already."""

    @abstractmethod
    def show(self, part: Any) -> None:
        """Stand at a part that was saved before."""

    @abstractmethod
    def part(self, before: Any, key: str) -> Anything:
        """What was typed, once it is valid."""

    @property
    def is_about_rows(self) -> bool:
        """Whether a row was to be added or taken out, and nothing saved. Carries it out."""
        asked = request.form.get("row", "")
        is_done = bool(asked) and any(added_or_removed(self[name], asked) for name in self.ROWS)
        self.fill_rows()
        return is_done

    def fill_rows(self) -> None:
        """Give each row what it may offer, where that depends on the account."""

    def validate(self, extra_validators: Any = None) -> bool:
        is_right = bool(super().validate(extra_validators))
        for name in self.ROWS:
            wrong = [n for n, entry in enumerate(self[name].entries, 1) if entry.errors]
            if wrong:
                self[name].errors = [f"Look at line {', '.join(map(str, wrong))} again."]
        return is_right


class ExtensionForm(PartForm):
    number = StringField("Number", [NUMBER])
    name = StringField("Name", [Text(60)])
    person = SelectField("Person")
    caller_id = SelectField("Caller id")
    voicemail = BooleanField("Take messages")
    mail_to = StringField("Mail each message to")
    greeting = StringField("Greeting, read aloud", [Text(500, optional=True)])
    clip = SelectField("Greeting, recorded")
    always = TargetField("All calls", nowhere="Ring here")
    busy = TargetField("When busy", nowhere="Not forwarded")
    no_answer = TargetField("When nobody answers", nowhere="Not forwarded")
    no_answer_s = SecondsField("Seconds to ring first", 5, 120, default=20)
    unreachable = TargetField("When switched off", nowhere="Not forwarded")
    international = BooleanField("Abroad")
    premium = BooleanField("Premium rate")
    mobile = BooleanField("Mobiles")
    records = BooleanField("Record calls of this extension")

    def offer(self, offered: Offered, key: str = "") -> None:
        if key:
            del self.number
        for name in MOVES:
            self[name].offer(offered.settings, but=f"extension:{key}")
        self.clip.choices = choices(offered.clip_choices("None"))
        if "person" in self:
            self.person.choices = choices([("", "Nobody, a device"), *((str(id), name) for id, name in offered.people)])
            self.caller_id.choices = choices(offered.caller_choices("As for the whole account"))

    def only_own(self) -> None:
        """Leave what a person may say of their own telephone: voicemail, greeting and forwarding."""
        for name in ("name", "person", "caller_id", *BARRED, "records"):
            delattr(self, name)

    def validate_mail_to(self, field: Any) -> None:
        if field.data:
            Regexp(f"{MAIL}\\Z", message="Write one plain address, such as name@company.example.")(self, field)

    def show(self, part: Extension) -> None:
        box, moves = part.voicemail, part.forwarding
        shown = {
            "name": part.name,
            "person": str(part.user_id or ""),
            "caller_id": part.caller_id or "",
            "records": part.records,
            "voicemail": box.on,
            "mail_to": box.mail_to,
            "greeting": box.greeting,
            "clip": str(box.clip or ""),
            "no_answer_s": moves.no_answer_s,
            **part.barring.model_dump(),
        }
        for name, value in shown.items():
            if name in self:
                self[name].data = value
        for name in MOVES:
            self[name].show(getattr(moves, name))

    def part(self, before: Extension | None, key: str) -> Extension:
        changed: dict[str, Any] = {"voicemail": self._voicemail(), "forwarding": self._forwarding()}
        if "person" in self:
            changed |= {
                "name": self.name.data,
                "user_id": UUID(self.person.data) if self.person.data else None,
                "caller_id": self.caller_id.data or None,
                "barring": barring(self),
                "records": self.records.data,
            }
        kept = before or Extension(number=key or self.number.data or "", name=self.name.data or "")
        return Extension.model_validate({**dict(kept), **changed})

    def _voicemail(self) -> Voicemail:
        return Voicemail(
            on=self.voicemail.data,
            mail_to=self.mail_to.data or "",
            greeting=self.greeting.data or "",
            clip=UUID(self.clip.data) if self.clip.data else None,
        )

    def _forwarding(self) -> Forwarding:
        return Forwarding(no_answer_s=self.no_answer_s.data or 20, **{name: self[name].target for name in MOVES})


class GroupForm(PartForm):
    ROWS = ("members",)

    number = StringField("Number", [NUMBER])
    name = StringField("Name", [Text(60)])
    members = RowsField(SelectField("Extension"), "Members", min_entries=1, max_entries=50)
    strategy = RadioField("They ring", choices=STRATEGIES, default=Strategy.ALL.value)
    ring_s = SecondsField("For so many seconds", 5, LONGEST_RING_S, default=20)
    then = TargetField("Then", nowhere="The call ends")

    def offer(self, offered: Offered, key: str = "") -> None:
        if key:
            del self.number
        self.then.offer(offered.settings, but=f"group:{key}")
        self._extensions = choices(
            [("", "Choose"), *((e.number, f"{e.number} {e.name}") for e in offered.settings.extensions)]
        )
        self.fill_rows()

    def fill_rows(self) -> None:
        for entry in self.members.entries:
            entry.choices = self._extensions

    def show(self, part: Group) -> None:
        self.name.data, self.strategy.data, self.ring_s.data = part.name, part.strategy.value, part.ring_s
        while self.members.entries:
            self.members.pop_entry()
        for member in part.members or ("",):
            self.members.append_entry(member)
        self.then.show(part.then)
        self.fill_rows()

    def part(self, before: Group | None, key: str) -> Group:
        return Group(
            number=before.number if before else key or self.number.data or "",
            name=self.name.data or "",
            members=tuple(entry.data for entry in self.members.entries if entry.data),
            strategy=Strategy(self.strategy.data),
            ring_s=self.ring_s.data or 20,
            then=self.then.target,
        )


class HoursForm(PartForm):
    ROWS = ("open", "holidays")

    name = StringField("Name", [Text(60)])
    time_zone = StringField("Time zone", [Text(60)])
    open = RowsField(FormField(OpenForm), "Open", max_entries=20)
    holidays = RowsField(FormField(HolidayForm), "Holidays", max_entries=100)
    inside = TargetField("While open")
    outside = TargetField("While closed and on holidays")

    def offer(self, offered: Offered, key: str = "") -> None:
        for target in (self.inside, self.outside):
            target.offer(offered.settings, but=f"hours:{key}")
        if not self.is_submitted():
            self.time_zone.data = g.white_label.time_zone

    def validate_time_zone(self, field: Any) -> None:
        try:
            read_time_zone(field.data)
        except ValueError as error:
            raise StopValidation(str(error)) from error

    def show(self, part: Hours) -> None:
        self.name.data, self.time_zone.data = part.name, part.time_zone
        rows: dict[tuple[str, str], list[str]] = {}
        for each in part.open:
            rows.setdefault((each.begins, each.ends), []).append(str(each.day))
        for (begins, ends), days in rows.items():
            self.open.append_entry({"days": days, "begins": begins, "ends": ends})
        for holiday in part.holidays:
            self.holidays.append_entry({"day": holiday.day, "name": holiday.name})
        self.inside.show(part.inside)
        self.outside.show(part.outside)

    def part(self, before: Hours | None, key: str) -> Hours:
        times = [
            Interval(day=int(day), begins=row.form.begins.data, ends=row.form.ends.data)
            for row in self.open.entries
            for day in row.form.days.data
        ]
        # A day that is there twice stays so: `check` says it, and nothing is lost in silence.
        holidays = [Holiday(day=row.form.day.data, name=row.form.name.data) for row in self.holidays.entries]
        assert self.inside.target is not None and self.outside.target is not None
        return Hours(
            key=key,
            name=self.name.data or "",
            time_zone=self.time_zone.data or "",
            open=tuple(sorted(times, key=lambda each: (each.day, each.begins))),
            holidays=tuple(sorted(holidays, key=lambda each: each.day)),
            inside=self.inside.target,
            outside=self.outside.target,
        )


class GreetingForm(PartForm):
    name = StringField("Name", [Text(60)])
    text = StringField("Read aloud", [Text(500, optional=True)])
    clip = SelectField("Recording")
    then = TargetField("Then", nowhere="The call ends")

    def offer(self, offered: Offered, key: str = "") -> None:
        self.clip.choices = choices(offered.clip_choices("None, the text is read aloud"))
        self.then.offer(offered.settings, but=f"greeting:{key}")

    def show(self, part: Greeting) -> None:
        self.name.data, self.text.data, self.clip.data = part.name, part.text, str(part.clip or "")
        self.then.show(part.then)

    def part(self, before: Greeting | None, key: str) -> Greeting:
        clip = UUID(self.clip.data) if self.clip.data else None
        return Greeting(key=key, name=self.name.data or "", text=self.text.data or "", clip=clip, then=self.then.target)


class RouteForm(PartForm):
    number = SelectField("Number")
    to = TargetField("Calls go to")
    caller_name = StringField("Name shown on calls out", [Text(40, optional=True)])

    def offer(self, offered: Offered, key: str = "") -> None:
        taken = {route.number for route in offered.settings.numbers}
        if key:
            del self.number
        else:
            self.number.choices = numbered([each for each in offered.numbers if each not in taken])
            self.number.validate_choice = False
            self.number.data = self.number.data or request.args.get("number")
            self._taken = taken
        self.to.offer(offered.settings)

    def validate_number(self, field: Any) -> None:
        if field.data in self._taken:
            raise StopValidation(f"{international(field.data)} is there already.")
        if field.data not in [choice.value for choice in field.choices]:
            raise StopValidation("Choose one of the account's numbers.")

    def show(self, part: Route) -> None:
        self.caller_name.data = part.caller_name
        self.to.show(part.to)

    def part(self, before: Route | None, key: str) -> Route:
        number = before.number if before else key or self.number.data
        assert self.to.target is not None
        return Route(number=number, to=self.to.target, caller_name=self.caller_name.data or "")


class RulesForm(PartForm):
    caller_id = SelectField("Caller id")
    international = BooleanField("Abroad")
    premium = BooleanField("Premium rate")
    mobile = BooleanField("Mobiles")
    spend_cap = StringField("Most to spend on calls in a month")
    records = BooleanField("Record all calls")
    notice = SelectField("Notice before recording")
    hold_music = SelectField("Hold music")
    cap_minor: int | None = None

    def offer(self, offered: Offered, key: str = "") -> None:
        self.caller_id.choices = choices(offered.caller_choices("None"))
        said = [(each.key, each.name) for each in offered.settings.greetings]
        self.notice.choices = choices([("", "None"), *said])
        self.hold_music.choices = choices(offered.clip_choices("The usual music"))

    def keep_limits(self) -> None:
        """Leave the cap and the barring to whoever pays."""
        for name in (*BARRED, "spend_cap"):
            delattr(self, name)

    def validate_spend_cap(self, field: Any) -> None:
        try:
            self.cap_minor = zero_or_more(field.data, g.white_label.currency).minor if field.data else None
        except NotAnAmount as error:
            raise StopValidation(str(error)) from error

    def show(self, part: Rules) -> None:
        self.caller_id.data, self.notice.data = part.caller_id or "", part.notice or ""
        self.records.data, self.hold_music.data = part.records, str(part.hold_music or "")
        if "spend_cap" not in self:
            return
        for name in BARRED:
            self[name].data = getattr(part.barring, name)
        cap = part.spend_cap_minor
        self.spend_cap.data = "" if cap is None else str(Money(cap, g.white_label.currency).decimal())

    def part(self, before: Rules | None, key: str) -> Rules:
        kept = None if "spend_cap" in self else before or Rules()
        return Rules(
            caller_id=self.caller_id.data or None,
            barring=kept.barring if kept else barring(self),
            records=self.records.data,
            notice=self.notice.data or None,
            hold_music=UUID(self.hold_music.data) if self.hold_music.data else None,
            spend_cap_minor=kept.spend_cap_minor if kept else self.cap_minor,
        )


def barring(form: Any) -> Barring:
    return Barring(**{name: form[name].data for name in BARRED})


FORMS: dict[str, type[PartForm]] = {
    "extensions": ExtensionForm,
    "groups": GroupForm,
    "hours": HoursForm,
    "greetings": GreetingForm,
    "numbers": RouteForm,
    "rules": RulesForm,
}
