"""A white label's logo: whatever was uploaded is decoded and written anew as a small PNG, or refused."""

import hashlib
import io

from PIL import Image

LARGEST_BYTES = 512 * 1024
LARGEST_SIDE = 4000
STORED_SIDE = 256


class NotALogo(ValueError):
    """The message is fit to be shown beside the field."""


def read_logo(uploaded: bytes) -> tuple[bytes, str]:
    """The logo as PNG, and a short digest of it. Raises NotALogo for SVG, damage, and images made to explode."""
    if len(uploaded) > LARGEST_BYTES:
        raise NotALogo("Choose a file below 512 KB.")
    try:
        small = _decoded(uploaded)
    except NotALogo:
        raise
    except Exception as error:  # a decoder stumbles over damage with whatever the damage made of its figures
        raise NotALogo("Choose a PNG, JPEG or WebP image.") from error
    written = io.BytesIO()
    small.save(written, "PNG", optimize=True)
    return written.getvalue(), hashlib.sha256(written.getvalue()).hexdigest()[:12]


def _decoded(uploaded: bytes) -> Image.Image:
    with Image.open(io.BytesIO(uploaded), formats=("PNG", "JPEG", "WEBP")) as image:
        if max(image.size) > LARGEST_SIDE:
            raise NotALogo(f"Choose an image below {LARGEST_SIDE} pixels a side.")
        small = image.convert("RGBA")
    small.thumbnail((STORED_SIDE, STORED_SIDE))
    # The pixels alone: no text, profile or place where the picture was taken comes along.
    small.info.clear()
    return small
