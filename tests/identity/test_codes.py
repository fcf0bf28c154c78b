"""Codes of an authenticator app, recovery codes and the picture, without a database."""

from datetime import UTC, datetime

import pyotp
import pytest
import segno

from portal.identity.codes import (
    LETTERS,
    QUIET,
    RECOVERY_CODES,
    in_groups,
    new_recovery_codes,
    new_secret,
    parts_of,
    picture,
    step_of,
)

# RFC 6238, appendix B: the secret of the SHA-1 vectors, and the last six figures of the codes.
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(("seconds", "code"), [
    (59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037"),
])
def test_codes_are_those_of_the_standard(seconds, code):
    assert step_of(SECRET, code, datetime.fromtimestamp(seconds, UTC)) == seconds // 30


@pytest.mark.parametrize("typed", ["287 082", " 287082 ", "287-082"])
def test_a_code_is_read_however_people_write_it(typed):
    assert step_of(SECRET, typed, datetime.fromtimestamp(59, UTC)) == 1


@pytest.mark.parametrize("typed", ["", "28708", "2870822", "２８７０８２", "28708O", "-28708", "1e5000", "287082\x00"])
def test_what_is_no_code_is_none(typed):
    assert step_of(SECRET, typed, datetime.fromtimestamp(59, UTC)) is None


def test_secrets_are_long_and_differ():
    made = {new_secret() for _ in range(20)}
    assert len(made) == 20 and {len(secret) for secret in made} == {32}
    assert in_groups(SECRET) == "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"


def test_recovery_codes_differ_in_their_names_and_hold_nothing_to_mistake():
    codes = new_recovery_codes()
    assert len(codes) == len({code[:4] for code in codes}) == RECOVERY_CODES
    assert set("".join(codes)) <= set(LETTERS) | {"-"} and not set("01OIL") & set(LETTERS)
    assert len(LETTERS) ** 12 > 2**58


def test_a_recovery_code_is_read_however_people_write_it():
    for typed in ("ABCD-EFGH-JKMN-PQRS", "abcdefghjkmnpqrs", " ABCD EFGH-JKMN pqrs "):
        assert parts_of(typed) == ("ABCD", "EFGHJKMNPQRS")
    for typed in ("", "287082", "ABCD-EFGH-JKMN-PQR", "ABCD-EFGH-JKMN-PQR0", "ABCDEFGHJKMNPQRSS", "ＡBCDEFGHJKMNPQRS"):
        assert parts_of(typed) is None


def test_the_picture_says_what_an_app_needs():
    """Drawn back into squares it is the QR code of the address, its border included."""
    drawn = picture(SECRET, login="a&b@é.example", issuer="Kauri & Söhne")
    address = pyotp.TOTP(SECRET).provisioning_uri(name="a&b@é.example", issuer_name="Kauri & Söhne")
    read = pyotp.parse_uri(address)
    assert (read.secret, read.name, read.issuer, read.digits) == (SECRET, "a&b@é.example", "Kauri & Söhne", 6)
    rows = [list(row) for row in segno.make(address, error="m", micro=False).matrix_iter(border=QUIET)]
    squares = [[0] * drawn.size for _ in range(drawn.size)]
    for run in drawn.path.removeprefix("M").removesuffix("z").split("zM"):
        x, rest = run.split(" ")
        y, length = rest.partition("v")[0].split("h")
        squares[int(y)][int(x):int(x) + int(length)] = [1] * int(length)
    assert squares == rows
