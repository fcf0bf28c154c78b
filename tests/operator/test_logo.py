"""A logo is decoded and written anew, or refused: no code, no explosion, no surprise."""

import io
import zlib

import pytest
from PIL import Image

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
