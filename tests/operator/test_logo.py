"""A logo is decoded and written anew, or refused: no code, no explosion, no surprise."""

import contextlib
import io
import random
import struct
import warnings
import zlib

import pytest
from PIL import Image, PngImagePlugin

from portal.whitelabels.logo import NotALogo, read_logo
from tests.cast import Cast
from tests.conftest import HostClient


def picture(kind: str, size: tuple[int, int] = (600, 300), **more: object) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, "#0d5c63").save(made, kind, **more)
    return made.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_becomes_a_small_png(kind: str):
    png, digest = read_logo(picture(kind))
    with Image.open(io.BytesIO(png)) as written:
        assert written.format == "PNG" and max(written.size) == 256
    assert len(digest) == 12


def test_what_hides_behind_a_picture_is_not_kept():
    """Shown red with the upload stored as it came."""
    png, _ = read_logo(picture("PNG") + b"<script>alert(1)</script>")
    assert b"script" not in png


@pytest.mark.parametrize("upload", [
    b"", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", b"GIF89a" + b"\0" * 50,
    picture("PNG")[:60], b"\x89PNG\r\n\x1a\n" + zlib.compress(b"0" * 1000), b"x" * 600_000, picture("PNG", (5000, 10)),
])
def test_svg_damage_and_bombs_are_refused(upload: bytes):
    """Shown red with the size check and the list of formats left out."""
    with pytest.raises(NotALogo):
        read_logo(upload)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_a_bomb_in_the_text_beside_the_pixels_is_refused():
    """Thirty megabytes of comment in thirty kilobytes of file. Red when only the decoder's usual errors are caught."""
    small = picture("PNG", (40, 20))
    bomb = small[:33] + chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"x" * 30_000_000, 9)) + small[33:]
    assert len(bomb) < 40_000
    with pytest.raises(NotALogo):
        read_logo(bomb)


@pytest.mark.parametrize("side", [4001, 30_000, 2_000_000_000])
def test_a_picture_that_claims_to_be_enormous_is_refused_before_it_is_decoded(side: int):
    """A header alone. Red when the size is looked at after decoding: the memory would be taken by then."""
    header = struct.pack(">IIBBBBB", side, 10, 8, 6, 0, 0, 0)
    empty = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with pytest.raises(NotALogo):
            read_logo(empty)


def test_nothing_but_the_pixels_is_kept():
    """Neither comments nor where the picture was taken. Red when the decoded picture is saved as it came."""
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "taken at my house")
    place = Image.Exif()
    place[0x010E] = "taken at my house"
    for upload in (picture("PNG", pnginfo=text), picture("JPEG", exif=place), picture("WEBP", exif=place)):
        assert b"my house" in upload and b"my house" not in read_logo(upload)[0]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_whatever_damage_it_has_it_is_a_logo_or_refused(kind: str):
    """Bytes turned at random. Red when any other error of a decoder gets through: the page would break."""
    chance, sound = random.Random(7), picture(kind, (30, 20))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(300):
            damaged = bytearray(sound)
            for _ in range(chance.randint(1, 6)):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            if chance.random() < 0.3:
                damaged = damaged[:chance.randrange(len(damaged))]
            with contextlib.suppress(NotALogo):
                png, _ = read_logo(bytes(damaged))
                assert png.startswith(b"\x89PNG") and len(png) < 300_000


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK"])
def test_every_kind_of_pixels_is_taken(mode: str):
    made = io.BytesIO()
    Image.new(mode, (30, 20)).save(made, "JPEG" if mode == "CMYK" else "PNG")
    assert read_logo(made.getvalue())[0].startswith(b"\x89PNG")


def test_the_operator_uploads_one_and_every_page_of_the_host_shows_it(app, cast: Cast):
    olga = HostClient(app, cast.olga.host)
    olga.sign_in(cast.olga)
    page = f"/operator/white-labels/{cast.northwind.id}"
    wrong = {"csrf_token": olga.token(page), "logo-logo": (io.BytesIO(b"<svg/>"), "logo.svg")}
    refused = olga.post(f"{page}/logo", data=wrong, content_type="multipart/form-data")
    assert refused.status_code == 422 and "Choose a PNG, JPEG or WebP image." in refused.text
    right = {"csrf_token": olga.token(page), "logo-logo": (io.BytesIO(picture("PNG")), "logo.png")}
    assert olga.post(f"{page}/logo", data=right, content_type="multipart/form-data").status_code == 303
    visitor = HostClient(app, cast.northwind.host)
    assert 'src="/logo?v=' in visitor.get("/login").text
    assert visitor.get("/logo").mimetype == "image/png"
    assert HostClient(app, cast.kauri.host).get("/logo").status_code == 404
