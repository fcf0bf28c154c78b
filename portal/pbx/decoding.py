"""A program of its own that turns what was uploaded into 16-bit mono WAV at 16 kHz: bytes in, bytes out.

Decoders are C that reads a stranger's bytes. So they run in a process that has little memory and time, no secrets and
no database; a crash of theirs is one refused upload. Ends with 1 for what is no sound, with 2 for what is too long.
"""

import io
import resource
import sys
import wave
from collections.abc import Iterator

import miniaudio

from portal.pbx.sound import NO_SOUND, RATE, TOO_LONG

LONGEST_S = 180
MEMORY = 512 * 1024 * 1024
CPU_S = 20


def main() -> int:
    # Limits before the first byte is looked at.
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        samples = b"".join(_limited(_decoded(sys.stdin.buffer.read())))
    except OverflowError:
        return TOO_LONG
    except (miniaudio.MiniaudioError, MemoryError, ValueError):
        return NO_SOUND
    if not samples:
        return NO_SOUND
    sys.stdout.buffer.write(_wav(samples))
    return 0


def _decoded(sound: bytes) -> Iterator[bytes]:
    """The samples a second at a time, so that what is too long is never held whole."""
    stream = miniaudio.stream_memory(sound, miniaudio.SampleFormat.SIGNED16, 1, RATE, RATE)
    return (chunk.tobytes() for chunk in stream)


def _limited(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Raises OverflowError past the longest that a recording may be, whatever its head says."""
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > LONGEST_S * RATE * 2:
            raise OverflowError
        yield chunk


def _wav(samples: bytes) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(samples)
    return made.getvalue()


if __name__ == "__main__":
    sys.exit(main())
