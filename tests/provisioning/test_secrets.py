"""A SIP password and a provisioning key are shown once, and then are nowhere."""

import pytest
from sqlalchemy import text

from portal.accounts.models import Account
from portal.kit.db import PLATFORM, Base, reading, transaction
from portal.kit.refusals import NotFound
from portal.pbx.credentials import LENGTH, SIGNS, renew
from portal.provisioning.commands import make_key


def everything() -> str:
    """All rows of all tables in words."""
    with reading(PLATFORM) as db:
        return "\n".join(
            repr(row) for table in Base.metadata.sorted_tables
            for row in db.connection().execute(text(f'select * from "{table.name}"')))


def test_a_sip_password_and_a_key_are_in_no_table_log_or_answer(taken, cast, northwind, capfd):
    """The canary. Red with the password among the details of the audit row, or of the event."""
    with transaction(northwind.id) as db:
        fresh = renew(db, db.load(Account, cast.acme), "101", by=cast.bob.actor)
        key = make_key(db, by=cast.bob.actor)
    taken.pbx.key = key
    answers = [taken.pbx.get(taken.path), taken.pbx.directory(user=fresh.username)]
    shown = everything() + "".join(answer.text for answer in answers) + repr(fresh) + "".join(capfd.readouterr())
    assert fresh.username in shown and key[-4:] in shown
    assert fresh.password not in shown and key not in shown and key.removeprefix("pbx_") not in shown


def test_a_password_is_long_random_and_easy_to_read(taken, cast, northwind):
    with transaction(northwind.id) as db:
        made = [renew(db, db.load(Account, cast.acme), "101", by=cast.bob.actor).password for _ in range(20)]
    assert len(set(made)) == 20 and {len(each) for each in made} == {LENGTH} and LENGTH >= 24
    assert set("".join(made)) <= set(SIGNS) and not set(SIGNS) & set("0O1lI")


def test_a_renewed_password_kills_the_old_one(taken, cast, northwind):
    before = taken.pbx.get(taken.path).json["extensions"][0]["sip"]["ha1"]
    with transaction(northwind.id) as db:
        renew(db, db.load(Account, cast.acme), "101", by=cast.bob.actor)
    assert taken.pbx.get(taken.path).json["extensions"][0]["sip"]["ha1"] != before


def test_an_extension_that_is_not_there_gets_no_password(taken, cast, northwind):
    with pytest.raises(NotFound), transaction(northwind.id) as db:
        renew(db, db.load(Account, cast.acme), "999", by=cast.bob.actor)
