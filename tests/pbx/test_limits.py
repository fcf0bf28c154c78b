"""What a stranger's uploads may use: memory and processor of the decoder, and how many come within an hour."""

import subprocess
import sys

import pytest

from portal.accounts.models import Account
from portal.kit.db import transaction
from portal.kit.settings import root
from portal.pbx.sound import NO_SOUND
from tests.cast import on_sqlite
from tests.numbers.making import port
from tests.uploads import multipart


def decoder(decoded, **limits):
    """The decoder's own program, with a decoder that does what this line says; its exit code, and its complaints."""
    limited = "".join(f"program.{name} = {value}; " for name, value in limits.items())
    code = f"import itertools, sys; from portal.pbx import decoding as program; {limited}"
    code += f"program._decoded = lambda sound: {decoded}; sys.exit(program.main())"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=False, input=b"", capture_output=True, timeout=8, cwd=root(), env={})
    return done.returncode, done.stderr


def test_a_decoder_that_wants_much_memory_gets_none():
    """A gigabyte of zeros costs the machine nothing. Red without RLIMIT_AS: it gets them, and the sound is too long."""
    assert decoder("iter([bytes(1024 * 1024 * 1024)])") == (NO_SOUND, b"")


def test_a_decoder_that_goes_round_in_circles_is_ended():
    """Red without RLIMIT_CPU: it goes on until the wall clock ends it. 20 seconds by right, 1 here."""
    code, _ = decoder("(b'' for _ in itertools.count())", CPU_S=1)
    assert code < 0, "ended by a signal"


@on_sqlite
@pytest.mark.parametrize("what", ["clips", "documents"])
def test_uploads_within_an_hour_are_counted_wrong_ones_too(phones, client, what):
    """Red without the limit of that address."""
    with transaction(phones.tenant.id) as db:
        asked = port(db, db.load(Account, phones.own), "+442079460199")
    below = {"clips": "pbx/clips", "documents": f"numbers/port-ins/{asked.id}/documents"}[what]
    page = f"/account/{phones.own}/" + below.removesuffix("/documents")
    owner = client(phones.owner)
    sent = multipart({"csrf_token": owner.token(page), "name": "Welcome"}, "file", "a.wav", b"<html>")
    answers = [owner.post(f"/account/{phones.own}/{below}", **sent).status_code for _ in range(61)]
    assert answers == [422] * 60 + [429]
