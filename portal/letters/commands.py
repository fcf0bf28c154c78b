"""Writing letters and withdrawing them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update

from portal.kit import jobs
from portal.kit.bulk import insert_rows
from portal.kit.clock import now
from portal.kit.db import TenantSession
from portal.kit.forms import normal_address
from portal.kit.ids import new_id
from portal.kit.logs import without_links
from portal.letters.models import Letter


@dataclass(frozen=True)
class Recipient:
    """Where a letter goes: one address and the name of the person behind it."""

    address: str
    name: str


@dataclass(frozen=True)
class Link:
    """The single-use link a letter carries: made anew from its parts at delivery, so it is stored nowhere."""

    purpose: str
    id: UUID
    path: str
    life_s: int


SentHook = Callable[[TenantSession, UUID, datetime], None]
sent_hooks: dict[str, SentHook] = {}


def when_sent(purpose: str) -> Callable[[SentHook], SentHook]:
    """Register what the owner of a kind of link does once its letter left: its life counts from then."""

    def register(hook: SentHook) -> SentHook:
        sent_hooks[purpose] = hook
        return hook

    return register


def write(
    db: TenantSession,
    name: str,
    *,
    to: Recipient,
    about: UUID | None = None,
    link: Link | None = None,
    **facts: Any,
) -> Letter:
    """Put a letter into the outbox in the caller's transaction. `name` is a folder of templates/letters.

    Raises ValueError for what is not one address: no form lets it through, and no server would take it.
    """
    if normal_address(to.address) is None:
        raise ValueError("a letter goes to exactly one address")
    letter = Letter(
        name=name,
        to_address=to.address,
        to_name=to.name,
        about_id=about,
        facts=facts,
        link_purpose=link.purpose if link else None,
        link_id=link.id if link else None,
        link_path=link.path if link else None,
        link_life_s=link.life_s if link else None,
    )
    db.put(letter)
    jobs.enqueue(db, "letters.deliver", {"letter": str(letter.id)}, key=f"letter:{letter.id}")
    return letter


@dataclass(frozen=True)
class Post:
    """One of many letters of a kind, without a link."""

    to: Recipient
    about: UUID
    facts: dict[str, Any]


def write_all(db: TenantSession, name: str, posts: list[Post]) -> None:
    """Like `write`, for many letters at once. Raises ValueError for what is not one address."""
    if any(normal_address(post.to.address) is None for post in posts):
        raise ValueError("a letter goes to exactly one address")
    ids = [new_id() for _ in posts]
    insert_rows(
        db,
        Letter,
        [
            {
                "id": id,
                "name": name,
                "to_address": post.to.address,
                "to_name": post.to.name,
                "about_id": post.about,
                "facts": post.facts,
            }
            for id, post in zip(ids, posts, strict=True)
        ],
    )
    jobs.enqueue_all(db, "letters.deliver", {f"letter:{id}": {"letter": str(id)} for id in ids})


def withdraw(db: TenantSession, link_id: UUID) -> None:
    """Letters that still wait with a link that died must not go out any more."""
    db.execute(update(Letter).where(Letter.link_id == link_id, Letter.state == "queued").values(state="withdrawn"))


def mark_sent(db: TenantSession, letter: Letter) -> None:
    letter.state, letter.sent_at, letter.last_answer = "sent", now(), "250 accepted"
    if letter.link_purpose and letter.link_id:
        sent_hooks[letter.link_purpose](db, letter.link_id, letter.sent_at)


def mark_failed(db: TenantSession, letter: Letter, answer: str) -> None:
    """We gave it up: no mail server took it, for as long as we tried."""
    _come_back(letter, "failed", answer)


def mark_refused(db: TenantSession, letter: Letter, answer: str) -> None:
    """The mail server refused it for good, at delivery."""
    _come_back(letter, "bounced", answer)


def mark_bounced(db: TenantSession, letter: Letter, answer: str) -> bool:
    """A mail server further on gave it back for good. False when that changes nothing: known, failed, withdrawn.

    A letter may come back before its sending was written down; then that is written first, so that its link's life
    begins and the history is whole.
    """
    if letter.state == "queued" and letter.tries:
        mark_sent(db, letter)
    if letter.state != "sent":
        return False
    _come_back(letter, "bounced", answer)
    return True


def _come_back(letter: Letter, state: str, answer: str) -> None:
    letter.state, letter.last_answer, letter.came_back_at = state, kept(answer), now()


def kept(answer: str) -> str:
    """A server's words as people see them: never with a link that it quotes, which is the customer's alone."""
    return without_links(answer)[:500]
