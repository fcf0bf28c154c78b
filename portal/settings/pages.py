"""What the settings pages show. Keys and links are never among it."""

from dataclasses import dataclass
from uuid import UUID

from portal.accounts.queries import primary_user
from portal.kit.db import TenantSession
from portal.kit.refusals import NotFound
from portal.letters import commands as outbox
from portal.letters.models import Letter
from portal.letters.queries import recent_letters
from portal.whitelabels.queries import gateway_credential, white_label
from portal.whitelabels.words import moment


@dataclass(frozen=True)
class GatewayPage:
    is_connected: bool
    is_ready: bool
    problems: list[str]
    checked: str
    rows: list[tuple[str, str]]


@dataclass(frozen=True)
class LetterLine:
    id: UUID
    name: str
    to: str
    about: UUID | None
    state: str
    tries: int
    when: str
    answer: str
    can_send_again: bool


def gateway_page(db: TenantSession) -> GatewayPage:
    tenant, credential = white_label(db), gateway_credential(db)
    if credential is None:
        return GatewayPage(False, False, ["No gateway is connected."], "never", [])
    rows = [
        ("Stripe account", credential.gateway_account),
        ("Key", credential.key_hint),
        ("Mode", "Live" if credential.livemode else "Test"),
        ("Currency", credential.currency),
        ("Connected", f"{moment(credential.connected_at, tenant)}, {credential.connected_by}"),
        ("Last event", moment(credential.last_event_at, tenant) if credential.last_event_at else "None yet"),
    ]
    checked = moment(credential.checked_at, tenant) if credential.checked_at else "never"
    return GatewayPage(True, credential.is_ready, [str(p) for p in credential.problems], checked, rows)


def letters_page(db: TenantSession) -> list[LetterLine]:
    tenant = white_label(db)
    return [
        LetterLine(
            x.id,
            x.name,
            x.to_address,
            x.about_id,
            x.state,
            x.tries,
            moment(x.sent_at or x.created_at, tenant),
            x.last_answer or "",
            _may_send_again(x),
        )
        for x in recent_letters(db)
    ]


def send_again_or_404(db: TenantSession, letter_id: UUID) -> None:
    """A copy of a letter without a link. One with a link is renewed where its link belongs, so the old one dies."""
    letter = db.load(Letter, letter_id)
    if letter is None:
        raise NotFound
    if _may_send_again(letter):
        outbox.write(db, letter.name, to=_recipient(db, letter), about=letter.about_id, **letter.facts)


def _recipient(db: TenantSession, letter: Letter) -> outbox.Recipient:
    """The customer's address may have been corrected since; a notice is for the white label's own staff."""
    if letter.about_id is None or letter.name.endswith("-notice"):
        return outbox.Recipient(letter.to_address, letter.to_name)
    user = primary_user(db, letter.about_id)
    return outbox.Recipient(user.email, user.display_name)


def _may_send_again(letter: Letter) -> bool:
    return letter.link_id is None and letter.state in ("sent", "failed", "bounced")
