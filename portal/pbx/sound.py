"""What somebody uploads as a recording, made anew: nothing of the uploaded file itself is kept."""

import subprocess
import sys
from dataclasses import dataclass

from portal.kit.settings import root

LARGEST_BYTES = 5 * 1024 * 1024
WAIT_S = 40
RATE, BYTES_A_SAMPLE, HEAD = 16_000, 2, 44
NO_SOUND, TOO_LONG = 1, 2
"""How `portal.pbx.decoding` ends when it was not done."""

MAGIC = (b"RIFF", b"ID3", b"OggS", b"fLaC")


class NoSound(ValueError):
    """The upload is no recording that can be used. The message is fit to stand beside the field."""


@dataclass(frozen=True)
class Sound:
    """16-bit mono WAV; `seconds` is at least 1."""

    wav: bytes
    seconds: int


def read_sound(uploaded: bytes) -> Sound:
    """Decode a WAV, MP3, Ogg Vorbis or FLAC of five megabytes and three minutes at most. Raises NoSound.

    Takes up to some seconds: no transaction may be open.
    """
    if len(uploaded) > LARGEST_BYTES:
        raise NoSound("The file is larger than 5 MB.")
    if not _looks_like_sound(uploaded):
        raise NoSound("Choose a WAV, MP3, OGG or FLAC file.")
    wav = _decode(uploaded)
    return Sound(wav, max(1, (len(wav) - HEAD) // (RATE * BYTES_A_SAMPLE)))


def _looks_like_sound(uploaded: bytes) -> bool:
    """By its first bytes; MP3 without a tag begins with a frame's eleven set bits."""
    is_frame = len(uploaded) > 1 and uploaded[0] == 0xFF and uploaded[1] & 0xE0 == 0xE0
    return uploaded.startswith(MAGIC) or is_frame


def _decode(uploaded: bytes) -> bytes:
    # An environment of nothing: the decoder's process learns no secret of this one.
    command = [sys.executable, "-m", "portal.pbx.decoding"]
    try:
        done = subprocess.run(
            command, input=uploaded, capture_output=True, timeout=WAIT_S, check=False, cwd=root(), env={}
        )
    except subprocess.TimeoutExpired:
        raise NoSound("The recording took too long to read. Save it as WAV and try again.") from None
    if done.returncode == TOO_LONG:
        raise NoSound("The recording is longer than three minutes.")
    if done.returncode != 0:
        raise NoSound("This file could not be played. Save it as WAV or MP3 and try again.")
    return done.stdout
