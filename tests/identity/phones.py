"""A phone with an authenticator app, for tests of the second factor."""

import re
from dataclasses import dataclass

import pyotp

from portal.identity.codes import STEP_S, new_secret
from portal.identity.factors import Fresh, mint, turn_on
from portal.identity.models import User
from portal.identity.queries import factor_of
from portal.kit.clock import now
from portal.kit.db import reading, transaction
from tests.cast import Person


@dataclass
class Phone:
    secret: str

    def code(self, steps: int = 0) -> str:
        """What it shows now, or so many time-steps away."""
        return pyotp.TOTP(self.secret).generate_otp(int(now().timestamp()) // STEP_S + steps)


@dataclass
class Set:
    """A person's phone, and the recovery codes that they kept."""

    phone: Phone
    codes: list[str]


def set_up(person: Person) -> Set:
    """A second factor as it is after its enrolment a while ago: the present code was not used yet."""
    fresh = Fresh(new_secret(), int(now().timestamp()) // STEP_S - 10, mint())
    with transaction(person.white_label_id) as db:
        user = db.load(User, person.id)
        assert user is not None
        turn_on(db, user, fresh, session_kept=None)
    return Set(Phone(fresh.secret), fresh.words)


def phone_on(page: str) -> Phone:
    """The phone that reads what an enrolment page shows."""
    found = re.search(r'<code class="secret">([A-Z2-7 ]+)</code>', page)
    assert found is not None, "the page shows no secret"
    return Phone(found[1].replace(" ", ""))


def factor_row(person: Person):
    with reading(person.white_label_id) as db:
        return factor_of(db, person.id)
