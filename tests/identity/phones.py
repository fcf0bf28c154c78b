"""A phone with an authenticator app, for tests of the second factor."""

import re
from dataclasses import dataclass

import pyotp
from sqlalchemy import select

from portal.accounts.commands import add_member
from portal.accounts.lifecycle import Role
from portal.accounts.queries import white_label_account
from portal.identity.codes import STEP_S, new_secret
from portal.identity.commands import add_user
from portal.identity.factors import Fresh, mint, turn_on
from portal.identity.models import User
from portal.identity.queries import factor_of
from portal.kit.clock import now
from portal.kit.db import reading, transaction
from portal.letters.models import Letter
from tests.cast import PASSWORD, Company, Person, password_hash


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


def set_up(person: Person, session_kept: str | None = None) -> Set:
    """A second factor as it is after its enrolment a while ago: the present code was not used yet."""
    fresh = Fresh(new_secret(), int(now().timestamp()) // STEP_S - 10, mint())
    with transaction(person.white_label_id) as db:
        user = db.load(User, person.id)
        assert user is not None
        turn_on(db, user, fresh, session_kept=session_kept)
    return Set(Phone(fresh.secret), fresh.words)


def phone_on(page: str) -> Phone:
    """The phone that reads what an enrolment page shows."""
    found = re.search(r'<code class="secret">([A-Z2-7 ]+)</code>', page)
    assert found is not None, "the page shows no secret"
    return Phone(found[1].replace(" ", ""))


def factor_row(person: Person):
    with reading(person.white_label_id) as db:
        return factor_of(db, person.id)


def at_door(client, person: Person):
    """A browser in which the person gave the right password, and no more."""
    browser = client(person.host)
    answer = browser.submit("/login", {"login_name": person.login_name, "password": PASSWORD})
    assert answer.status_code == 303
    return browser


def letters_of(person: Person, name: str) -> list[str]:
    """Where letters of this name went."""
    with reading(person.white_label_id) as db:
        return list(db.scalars(select(Letter.to_address).where(Letter.name == name)))


def person_at(company: Company, login_name: str, name: str, role: Role | None = None) -> Person:
    """Somebody with a login there, on the white label's staff when they have a role."""
    with transaction(company.id) as db:
        user = add_user(db, login_name=login_name, display_name=name, email=login_name, password_hash=password_hash())
        if role is not None:
            add_member(db, white_label_account(db), user, role)
        return Person(user.id, company.id, company.host, login_name, name)
