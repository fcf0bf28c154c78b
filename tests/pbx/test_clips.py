"""Recordings: decoded in a process of their own and made anew; whatever is no sound is refused in plain words."""

import io
import math
import struct
import wave

import pytest

from portal.accounts.models import Account
from portal.kit.db import reading, transaction
from portal.pbx import queries
from portal.pbx.configuration import RULES, Rules
from portal.pbx.sound import LARGEST_BYTES, NoSound, read_sound
from portal.provisioning.commands import make_key
from tests.pbx.making import change
from tests.pbx.test_pages import at
from tests.uploads import multipart


def tone(seconds=1.0, rate=8000, channels=1):
    made = io.BytesIO()
    with wave.open(made, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        frame = struct.Struct("<h")
        second = b"".join(frame.pack(int(9000 * math.sin(n / 4))) * channels for n in range(rate))
        out.writeframes((second * (int(seconds) + 1))[: int(seconds * rate) * 2 * channels])
    return made.getvalue()


def form_of(wav):
    with wave.open(io.BytesIO(wav)) as read:
        return read.getnchannels(), read.getsampwidth(), read.getframerate(), read.getnframes()


@pytest.mark.parametrize("rate, channels", [(8000, 1), (44_100, 2), (48_000, 6)])
def test_sound_becomes_16_bit_mono_at_16_khz(rate, channels):
    made = read_sound(tone(2, rate, channels))
    assert form_of(made.wav)[:3] == (1, 2, 16_000) and made.seconds == 2
    assert abs(form_of(made.wav)[3] - 32_000) < 200


def test_nothing_of_the_uploaded_file_itself_is_kept():
    hidden = tone() + b"LIST\x10\x00\x00\x00<script>alert(1)"
    made = read_sound(hidden)
    assert b"script" not in made.wav and made.wav[36:40] == b"data"


def test_three_minutes_are_kept_and_more_is_refused():
    assert read_sound(tone(179)).seconds == 179
    with pytest.raises(NoSound, match="longer than three minutes"):
        read_sound(tone(182))


def lying_wav():
    """Its head says two gigabytes of samples."""
    good = bytearray(tone())
    good[40:44] = struct.pack("<I", 0x7FFFFFF0)
    return bytes(good)


def test_a_head_that_lies_about_its_length_gives_what_is_there():
    assert read_sound(lying_wav()).seconds == 1


def test_a_bomb_is_stopped_by_what_it_becomes_and_not_by_what_it_says():
    """One sample a second, played for days. Red with `_limited` left out: the decoder is then ended by its memory."""
    slow = bytearray(tone(30))
    slow[24:28] = struct.pack("<I", 1)
    with pytest.raises(NoSound, match="longer than three minutes"):
        read_sound(bytes(slow))


@pytest.mark.parametrize("upload", [
    b"", b"RIFF", b"RIFF" + b"\xff" * 5000, b"ID3" + b"\x00" * 5000, b"OggS" + b"\xff" * 5000, b"fLaC" + b"\x00" * 5000,
    b"\xff\xfb" + b"\x00" * 5000, b"fLaC", tone()[:44],
], ids=repr)
def test_broken_sound_is_refused(upload):
    with pytest.raises(NoSound):
        read_sound(upload)


@pytest.mark.parametrize("upload", [
    b"<svg onload=alert(1)>", b"%PDF-1.7", b"\x89PNG\r\n", b"#!/bin/sh\n", b"MZ\x90", b"<?php", b"\x1f\x8b\x08",
])
def test_what_is_no_sound_never_reaches_the_decoder(upload):
    with pytest.raises(NoSound, match="Choose a WAV, MP3, OGG or FLAC"):
        read_sound(upload)


def test_the_decoder_learns_nothing_of_the_environment(monkeypatch, tmp_path):
    """Red with the environment handed on: the process then takes up the module that this one names."""
    (tmp_path / "miniaudio.py").write_text("raise SystemExit(9)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert read_sound(tone()).seconds == 1


def test_more_than_five_megabytes_are_refused_unread():
    with pytest.raises(NoSound, match="larger than 5 MB"):
        read_sound(b"RIFF" + b"\x00" * LARGEST_BYTES)


def upload(browser, path, sound, name="Welcome", file="a.wav"):
    return browser.post(path, **multipart({"csrf_token": browser.token(path), "name": name}, "file", file, sound))


def clips(phones):
    with reading(phones.tenant.id) as db:
        return [(clip.id, clip.name) for clip in queries.clips_of(db, phones.own)]


def test_a_recording_is_uploaded_played_used_and_then_stays(phones, client):
    owner, path = client(phones.owner), at(phones.own, "/clips")
    assert upload(owner, path, tone()).status_code == 303
    [(clip_id, name)] = clips(phones)
    page = owner.get(path)
    assert name == "Welcome" and "media-src 'self'" in page.headers["Content-Security-Policy"]
    assert "media-src" not in owner.get(at(phones.own)).headers["Content-Security-Policy"]
    played = owner.get(f"{path}/{clip_id}")
    assert played.mimetype == "audio/wav" and played.headers["X-Content-Type-Options"] == "nosniff"
    assert played.headers["Content-Disposition"].startswith("inline") and form_of(played.data)[:3] == (1, 2, 16_000)
    with transaction(phones.tenant.id) as db:
        change(db, db.load(Account, phones.own), RULES, Rules(hold_music=clip_id), phones.bob.actor)
    kept = owner.submit(f"{path}/{clip_id}/removal", {}, page=path)
    assert kept.status_code == 409 and "in use" in kept.text and clips(phones)
    with transaction(phones.tenant.id) as db:
        change(db, db.load(Account, phones.own), RULES, Rules(), phones.bob.actor)
    assert owner.submit(f"{path}/{clip_id}/removal", {}, page=path).status_code == 303 and clips(phones) == []


def test_a_file_of_several_megabytes_passes_and_a_wrong_one_is_told_beside_the_field(phones, client):
    owner, path = client(phones.owner), at(phones.own, "/clips")
    assert upload(owner, path, tone(25, 48_000)).status_code == 303, "2.4 MB"
    wrong = upload(owner, path, b"<html>", name="Page")
    assert wrong.status_code == 422 and "Choose a WAV, MP3, OGG or FLAC" in wrong.text
    missing = owner.post(path, data={"csrf_token": owner.token(path), "name": "Nothing"})
    assert missing.status_code == 422 and len(clips(phones)) == 1


def test_recordings_are_played_to_the_accounts_people_and_its_white_label_alone(phones, client, charlie, app):
    upload(client(phones.owner), at(phones.own, "/clips"), tone())
    [(clip_id, _)] = clips(phones)
    path = f"/clips/{clip_id}"
    for person, side, code in (
        (phones.owner, "account", 200), (phones.sam, "account", 200), (phones.bob, "customers", 200),
        (phones.guest, "account", 404), (phones.bob, "account", 404), (charlie, "customers", 404),
        (phones.owner, "customers", 403),
    ):
        assert client(person).get(at(phones.own, path, side)).status_code == code, (person.name, side)
    assert client(phones.guest).get(at(phones.run, path)).status_code == 404, "not through another account either"


def test_a_pbx_takes_the_recording_up(phones, client):
    upload(client(phones.owner), at(phones.own, "/clips"), tone())
    [(clip_id, _)] = clips(phones)
    with transaction(phones.tenant.id) as db:
        key, number = make_key(db, by=phones.bob.actor), db.load(Account, phones.own).number
    pbx, header = client(phones.tenant), {"Authorization": f"Bearer {key}"}
    taken = pbx.get(f"/provisioning/v1/{number}/clips/{clip_id}", headers=header)
    assert taken.status_code == 200 and taken.mimetype == "audio/wav" and taken.headers["ETag"]
    assert pbx.get(f"/provisioning/v1/{phones.run}/clips/{clip_id}", headers=header).status_code == 404
