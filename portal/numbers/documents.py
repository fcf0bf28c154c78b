"""Papers of a port-in request: known by what is in them, not by their name; images are written anew."""

import hashlib
import io
import unicodedata
from dataclasses import dataclass

from PIL import Image

LARGEST_BYTES = 5 * 1024 * 1024
LARGEST_SIDE = 10_000
MOST_PIXELS = 40_000_000
MOST = 10
LONGEST_NAME = 100
ENDINGS = {"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg"}


class NotADocument(ValueError):
    """The message is fit to be shown beside the field."""


@dataclass(frozen=True)
class Document:
    name: str
    media_type: str
    content: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def read_document(name: str, uploaded: bytes) -> Document:
    """A PDF as it is, or a PNG or JPEG decoded and written anew. Raises NotADocument.

    A PDF is never opened here: it is stored, and given back as a download only.
    """
    if not uploaded:
        raise NotADocument("The file is empty.")
    if len(uploaded) > LARGEST_BYTES:
        raise NotADocument("Choose a file of at most 5 MB.")
    if uploaded.startswith(b"%PDF-"):
        media_type, content = "application/pdf", uploaded
    else:
        media_type, content = _image(uploaded)
    return Document(_plain_name(name, ENDINGS[media_type]), media_type, content)


def _image(uploaded: bytes) -> tuple[str, bytes]:
    try:
        return _written_anew(uploaded)
    except NotADocument:
        raise
    except Exception as error:  # a decoder stumbles over damage with whatever the damage made of its figures
        raise NotADocument("Choose a PDF, PNG or JPEG file.") from error


def _written_anew(uploaded: bytes) -> tuple[str, bytes]:
    written = io.BytesIO()
    with Image.open(io.BytesIO(uploaded), formats=("PNG", "JPEG")) as image:
        if max(image.size) > LARGEST_SIDE or image.size[0] * image.size[1] > MOST_PIXELS:
            raise NotADocument("Choose an image of at most 40 megapixels.")
        shape = image.format
        plain = image.convert("RGB")
    # The pixels alone: no text, profile or place where the picture was taken comes along.
    plain.info.clear()
    if shape == "PNG":
        plain.save(written, "PNG", optimize=True)
    else:
        plain.save(written, "JPEG", quality=90)
    if len(written.getvalue()) > LARGEST_BYTES * 2:
        raise NotADocument("This image is too large. Send it as a JPEG.")
    return ("image/png" if shape == "PNG" else "image/jpeg"), written.getvalue()


def _plain_name(name: str, ending: str) -> str:
    """The name without a path, signs that nobody sees, and another ending than what is in the file has."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    seen = "".join(c for c in last if unicodedata.category(c)[0] in "LNMPSZ" and c not in '"<>|:*?\u2028\u2029')
    stem = seen.rpartition(".")[0] if "." in seen else seen
    return (stem.strip(" .")[:LONGEST_NAME] or "document") + ending
