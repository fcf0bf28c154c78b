"""How numbers come into the operator's stock and go to white labels. All of it is rows of the operator's own tenant."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.kit.clock import now
from portal.kit.db import Base, TenantRow, belongs_to


class NumberImport(TenantRow, Base):
    """A file or a range on its way into the stock: it is checked first, and taken in when somebody says so.

    `price_class`, `country` and `kind` count for the lines that name none themselves; no country or kind is "". The
    file is kept until the import has ended. `lines_done` counts within the present stage; the counts of fates are those
    of the check, and from the confirmation on those of what was really done.
    """

    __tablename__ = "number_import"
    __table_args__ = (
        belongs_to("block_id", "number_block"),
        Index("ix_number_import_newest", "white_label_id", "created_at", "id"),
        CheckConstraint("state in ('checking', 'checked', 'taking', 'done', 'dropped')", name="state"),
        CheckConstraint("(state in ('taking', 'done')) = (block_id is not null)", name="block"),
    )

    name: Mapped[str]
    price_class: Mapped[str]
    country: Mapped[str] = mapped_column(default="")
    kind: Mapped[str] = mapped_column(default="")
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    state: Mapped[str] = mapped_column(default="checking")
    lines: Mapped[int]
    lines_done: Mapped[int] = mapped_column(default=0)
    added: Mapped[int] = mapped_column(default=0)
    known: Mapped[int] = mapped_column(default=0)
    held: Mapped[int] = mapped_column(default=0)
    malformed: Mapped[int] = mapped_column(default=0)
    duplicate: Mapped[int] = mapped_column(default=0)
    block_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    created_by: Mapped[str]
    finished_at: Mapped[datetime | None]


class ImportFates(TenantRow, Base):
    """What became of some lines of an import, as lines of CSV. `stage` is check or take.

    `first` is how many lines came before these, `other` how many of them are worth a look: they hold no new number, or
    go against the numbering plans.
    """

    __tablename__ = "number_import_fates"
    __table_args__ = (
        belongs_to("import_id", "number_import"),
        UniqueConstraint("white_label_id", "import_id", "stage", "first"),
        CheckConstraint("stage in ('check', 'take')", name="stage"),
    )

    import_id: Mapped[UUID]
    stage: Mapped[str]
    first: Mapped[int]
    other: Mapped[int]
    content: Mapped[str]


class Handover(TenantRow, Base):
    """A block on its way to a white label (`hand`) or back into the stock (`back`).

    `through` is the last number that is over there already, `moved` how many are. A way back is `refused` when a number
    was taken into use meanwhile; `note` says so.
    """

    __tablename__ = "number_handover"
    __table_args__ = (
        belongs_to("block_id", "number_block"),
        Index("ix_number_handover_block", "white_label_id", "block_id", "asked_at"),
        CheckConstraint("direction in ('hand', 'back')", name="direction"),
        CheckConstraint("state in ('moving', 'done', 'refused')", name="state"),
    )

    block_id: Mapped[UUID]
    holder_id: Mapped[UUID] = mapped_column(ForeignKey("white_label.id"))
    direction: Mapped[str]
    state: Mapped[str] = mapped_column(default="moving")
    through: Mapped[str] = mapped_column(default="")
    moved: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(default="")
    asked_at: Mapped[datetime] = mapped_column(default=now)
    asked_by: Mapped[str]
    finished_at: Mapped[datetime | None]
