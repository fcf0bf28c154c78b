"""Codes of an authenticator app, recovery codes, and the picture that a phone reads. Knows no database."""

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

import pyotp
import segno

STEP_S = 30  # what every authenticator app assumes (RFC 6238, 4.1)
TOLERANCE = 1  # steps before and after, for clocks that differ and people who type slowly
QUIET = 4  # squares of border that a camera needs (ISO/IEC 18004)
RECOVERY_CODES = 10
GROUPS, GROUP = 4, 4
# Nothing that is read for something else: no 0 and O, no 1, I and L, no U and V.
LETTERS = "23456789ABCDEFGHJKMNPQRSTWXYZ"


def new_secret() -> str:
    """160 bits in base32, as RFC 4226 asks for."""
    return pyotp.random_base32()


def step_of(secret: str, code: str, at: datetime) -> int | None:
    """The time-step whose code this is, at most one step away from `at`; None when it is no such code."""
    typed = re.sub(r"[\s-]", "", code)
    if not (typed.isascii() and typed.isdigit() and len(typed) == 6):
        return None
    present, totp = int(at.timestamp()) // STEP_S, pyotp.TOTP(secret)
    near = range(present - TOLERANCE, present + TOLERANCE + 1)
    matching = [step for step in near if hmac.compare_digest(totp.generate_otp(step), typed)]
    return max(matching, default=None)


def in_groups(secret: str) -> str:
    """As people type it from a screen."""
    return " ".join(re.findall(".{1,4}", secret))


@dataclass(frozen=True)
class Picture:
    """A QR code as an SVG path of its dark squares, on a square of so many of them, its quiet border included."""

    size: int
    path: str


def picture(secret: str, *, login: str, issuer: str) -> Picture:
    """The enrolment as every authenticator app reads it."""
    address = pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer)
    rows = [bytes(row) for row in segno.make(address, error="m", micro=False).matrix_iter(border=QUIET)]
    runs = ((run, y) for y, row in enumerate(rows) for run in re.finditer(b"\x01+", row))
    return Picture(len(rows), "".join(f"M{r.start()} {y}h{len(r[0])}v1H{r.start()}z" for r, y in runs))


def new_recovery_codes() -> list[str]:
    """Ten codes, each with a name of its own and 58 bits beyond it."""
    found: dict[str, str] = {}
    while len(found) < RECOVERY_CODES:
        groups = ["".join(secrets.choice(LETTERS) for _ in range(GROUP)) for _ in range(GROUPS)]
        found.setdefault(groups[0], "-".join(groups))
    return list(found.values())


def parts_of(code: str) -> tuple[str, str] | None:
    """The name of a recovery code and what is hashed, however it was typed; None when it cannot be one."""
    typed = re.sub(r"[\s-]", "", code).upper()
    if len(typed) != GROUP * GROUPS or not all(letter in LETTERS for letter in typed):
        return None
    return typed[:GROUP], typed[GROUP:]
