"""What the settings pages show. Keys and links are never among it."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from portal.accounts.queries import primary_user
from portal.kit.db import TenantSession
from portal.kit.refusals import NotFound, Refusal
from portal.letters import commands as outbox
from portal.letters.models import CAME_BACK, Letter
from portal.letters.queries import recent_letters
from portal.letters.words import letter_words
from portal.payments import connection
from portal.payments.models import Dispute, GatewayTest
from portal.payments.queries import latest_disputes
from portal.payments.words import reason_words
from portal.whitelabels.models import GatewayCredential, WhiteLabel
from portal.whitelabels.queries import gateway_credential, white_label
from portal.whitelabels.words import day, local_day, moment, money


@dataclass(frozen=True)
class Check:
    """One line of the readiness panel; `is_right` is None where there is nothing to be right or wrong about."""

    words: str
    is_right: bool | None


@dataclass(frozen=True)
class TestLine:
    href: str
    words: str
    state: str


@dataclass(frozen=True)
class DisputeLine:
    """A payment that its card's holder contests, with the customer's page."""

    href: str
    customer: str
    reference: str
    amount: str
    why: str
    when: str
    state: str


@dataclass(frozen=True)
class TestPage:
    """A test payment as its page tells it. `is_going_on` while there is something to wait for."""

    id: UUID
    steps: list[Check]
    is_going_on: bool
    heading: str
    amount: str


@dataclass(frozen=True)
class GatewayPage:
    is_connected: bool
    is_ready: bool
    problems: list[str]
    checked: str
    rows: list[tuple[str, str]]
    checks: list[Check]
    may_test: bool
    tests: list[TestLine]
    disputes: list[DisputeLine]


@dataclass(frozen=True)
class LettersPage:
    """`views` are words, address, and whether it is the present one."""

    lines: list["LetterLine"]
    views: list[tuple[str, str, bool]]
    is_chosen: bool
    none: str
    is_cut: bool


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
        return GatewayPage(
            False, False, ["No gateway is connected."], "never", [], [], False, [], _disputes(db, tenant)
        )
    rows = [
        ("Stripe account", credential.gateway_account),
        ("Key", credential.key_hint),
        ("Mode", "Live" if credential.livemode else "Test"),
        ("Currency", credential.currency),
        ("Connected", f"{moment(credential.connected_at, tenant)}, {credential.connected_by}"),
        ("Last event", moment(credential.last_event_at, tenant) if credential.last_event_at else "None yet"),
    ]
    checked = moment(credential.checked_at, tenant) if credential.checked_at else "never"
    return GatewayPage(
        True,
        credential.is_ready,
        [str(p) for p in credential.problems],
        checked,
        rows,
        _checks(credential, tenant),
        not credential.livemode,
        _tests(db, tenant),
        _disputes(db, tenant),
    )


def _checks(credential: GatewayCredential, tenant: WhiteLabel) -> list[Check]:
    """What the last look at the gateway found, one line each."""
    bad = {str(problem) for problem in credential.problems}
    was_asked = credential.checked_at is not None and connection.NOT_REACHED not in bad
    key_fits = was_asked and not bad & {connection.KEY_REFUSED, connection.OTHER_ACCOUNT}
    seen, pays_out = credential.last_event_at, credential.currency.upper()
    elsewhere = "" if pays_out == tenant.currency else f"; Stripe pays out in {pays_out}"
    return [
        Check("Stripe accepts the key", key_fits),
        Check("The account may take card payments", key_fits and connection.MAY_NOT_CHARGE not in bad),
        Check("Our webhook is registered", key_fits and connection.NO_WEBHOOK not in bad),
        Check(f"Last event: {moment(seen, tenant)}" if seen else "No event was received yet", bool(seen) or None),
        Check("Live mode: payments are real" if credential.livemode else "Test mode: no real money moves", None),
        Check(f"Charges in {tenant.currency}{elsewhere}", None),
    ]


def _tests(db: TenantSession, tenant: WhiteLabel) -> list[TestLine]:
    wanted = select(GatewayTest).order_by(GatewayTest.created_at.desc(), GatewayTest.id.desc()).limit(3)
    return [
        TestLine(
            f"/settings/gateway/tests/{test.id}", f"{moment(test.created_at, tenant)}, {test.started_by}", test.state
        )
        for test in db.scalars(wanted)
    ]


def _disputes(db: TenantSession, tenant: WhiteLabel) -> list[DisputeLine]:
    """Those that wait for an answer first."""
    return [
        DisputeLine(
            f"/customers/{funding.account_id}",
            customer,
            funding.reference,
            money(dispute.amount_minor, tenant),
            reason_words(dispute.reason),
            _until(dispute, tenant),
            f"dispute-{dispute.state}",
        )
        for dispute, funding, customer in latest_disputes(db, limit=MOST_DISPUTES)
    ]


def _until(dispute: Dispute, tenant: WhiteLabel) -> str:
    if dispute.answer_by is not None:
        return f"Answer by {day(local_day(dispute.answer_by, tenant), tenant)}"
    return f"Began {day(local_day(dispute.began_at, tenant), tenant)}"


def test_page_or_404(db: TenantSession, test_id: UUID) -> TestPage:
    test, tenant = db.load(GatewayTest, test_id), white_label(db)
    if test is None:
        raise NotFound
    was_paid = test.state in ("paid", "refunded")
    heard = test.webhook_at
    steps = [
        Check("The card page was opened", test.state != "failed"),
        Check("The card was charged" if was_paid else "The card was not charged yet", was_paid or None),
        Check(
            "Stripe told us by webhook" if heard is not None else "No webhook about it was received yet",
            heard is not None or None,
        ),
        Check(
            "All of it was given back" if test.state == "refunded" else "Nothing was given back yet",
            test.state == "refunded" or None,
        ),
    ]
    is_over = test.state in ("expired", "failed") or (test.state == "refunded" and test.webhook_at is not None)
    return TestPage(test.id, steps, not is_over, TEST_WORDS[test.state], money(test.amount_minor, tenant))


TEST_WORDS = {
    "created": "The card page is being opened",
    "open": "The card page waits for you",
    "paid": "Paid; it goes back now",
    "refunded": "It works: paid and given back",
    "expired": "The card page was closed unpaid",
    "failed": "Stripe opened no card page",
}


LETTERS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "": ("All", (), "No letters yet"),
    "came-back": ("Came back", CAME_BACK, "No letter came back"),
    "waiting": ("On the way", ("queued",), "No letter waits to go"),
}
"""By what the address asks for: words, states, and what is said when there is none."""
MOST_LETTERS, MOST_DISPUTES = 100, 20


def letters_page(db: TenantSession, chosen: str) -> LettersPage:
    """`chosen` is a key of LETTERS; what is none of them shows all."""
    tenant, chosen = white_label(db), chosen if chosen in LETTERS else ""
    lines = [
        LetterLine(
            x.id,
            letter_words(x.name),
            x.to_address,
            x.about_id,
            x.state,
            x.tries,
            moment(x.came_back_at or x.sent_at or x.created_at, tenant),
            x.last_answer or "",
            _may_send_again(x),
        )
        for x in recent_letters(db, LETTERS[chosen][1], MOST_LETTERS)
    ]
    views = [
        (words, "/settings/letters" + (f"?show={key}" if key else ""), key == chosen)
        for key, (words, _, _) in LETTERS.items()
    ]
    return LettersPage(lines, views, bool(chosen), LETTERS[chosen][2], len(lines) == MOST_LETTERS)


class HasLink(Refusal):
    heading = "This letter has a link"
    text = "Send it again from the customer's page, or from its people: the older link dies then."


def send_again_or_404(db: TenantSession, letter_id: UUID) -> None:
    """A copy of a letter without a link. One with a link is renewed where its link belongs, so the old one dies."""
    letter = db.load(Letter, letter_id)
    if letter is None:
        raise NotFound
    if not _may_send_again(letter):
        raise HasLink
    outbox.write(db, letter.name, to=_recipient(db, letter), about=letter.about_id, **letter.facts)


def _recipient(db: TenantSession, letter: Letter) -> outbox.Recipient:
    """The customer's address may have been corrected since; a notice is for the white label's own staff."""
    if letter.about_id is None or letter.name.endswith("-notice"):
        return outbox.Recipient(letter.to_address, letter.to_name)
    user = primary_user(db, letter.about_id)
    return outbox.Recipient(user.email, user.display_name)


def _may_send_again(letter: Letter) -> bool:
    return letter.link_id is None and letter.state in ("sent", *CAME_BACK)
