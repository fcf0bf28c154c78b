"""Gapless numbers that people see, one series a tenant and name, taken under a row lock."""

from sqlalchemy import update
from sqlalchemy.orm import Mapped, mapped_column

from portal.kit.bulk import insert_if_absent
from portal.kit.db import Base, TenantOwned, TenantSession


class Series(TenantOwned, Base):
    __tablename__ = "series"

    name: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]


def next_number(db: TenantSession, name: str) -> int:
    """The next number of a series, starting at 1. It is given back when the transaction is undone."""
    return next_numbers(db, name, 1)[0]


def next_numbers(db: TenantSession, name: str, count: int) -> range:
    """The next so many numbers of a series."""
    insert_if_absent(db, Series, name=name, last=0)
    taken = db.scalar(
        update(Series)
        .where(Series.white_label_id == db.tenant, Series.name == name)
        .values(last=Series.last + count)
        .returning(Series.last)
        .execution_options(synchronize_session=False)
    )
    assert taken is not None
    return range(taken - count + 1, taken + 1)
