"""Many letters at once are letters like any other."""

import pytest
from sqlalchemy import select

from portal.kit.ids import new_id
from portal.kit.jobs import Job, JobKey
from portal.letters.commands import Post, Recipient, write, write_all
from portal.letters.models import Letter


def columns(row):
    own = {"id", "created_at", "due_at", "payload", "job_id", "key", "lease_id", "leased_until"}
    return {c.name: getattr(row, c.name) for c in row.__table__.columns if c.name not in own}


def test_each_is_what_one_alone_would_be(db, clock):
    about, to = new_id(), Recipient("ann@acme.example", "Ann")
    write(db, "statement", to=to, about=about, number="S-1")
    write_all(db, "statement", [Post(to, about, {"number": "S-1"}), Post(to, about, {"number": "S-1"})])
    db.flush()
    found = db.scalars(select(Letter).where(Letter.name == "statement").order_by(Letter.id)).all()
    assert len(found) == 3 and columns(found[0]) == columns(found[1]) == columns(found[2])
    works = [job for job in db.scalars(select(Job)) if job.payload.get("letter") in [str(each.id) for each in found]]
    assert len(works) == 3 and columns(works[0]) == columns(works[1]) == columns(works[2])
    keys = {key.key: key.job_id for key in db.scalars(select(JobKey))}
    assert {keys[f"letter:{each.id}"] for each in found} == {job.id for job in works}


def test_what_is_not_one_address_is_refused_before_anything_is_written(db):
    with pytest.raises(ValueError, match="exactly one address"):
        write_all(db, "statement", [Post(Recipient("a@b.example", "A"), new_id(), {}),
                                    Post(Recipient("a@b.example, c@d.example", "B"), new_id(), {})])
    assert db.scalars(select(Letter).where(Letter.name == "statement")).all() == []
