"""Papers are known by what is in them; images are written anew; a paper is a download and nothing else."""

import io

import pytest
from PIL import Image, PngImagePlugin

from portal.audit.commands import COMMAND_LINE
from portal.numbers import documents
from portal.numbers.documents import LARGEST_BYTES, MOST, Document, NotADocument, read_document
from portal.numbers.porting import PortMoved, TooManyDocuments, add_document, cancel, documents_of
from tests.numbers.making import port


def image(shape="PNG", size=(40, 30), **more):
    written = io.BytesIO()
    Image.new("RGB", size, "teal").save(written, shape, **more)
    return written.getvalue()


@pytest.mark.parametrize(("shape", "media_type", "ending"), [
    ("PNG", "image/png", ".png"), ("JPEG", "image/jpeg", ".jpg")])
def test_an_image_is_written_anew(shape, media_type, ending):
    """Red when the bytes are kept: what hides in a picture would come along."""
    note = PngImagePlugin.PngInfo()
    note.add_text("Comment", "<script>1</script>")
    more = {"pnginfo": note} if shape == "PNG" else {"comment": b"<script>1</script>"}
    found = read_document("Scan.exe", image(shape, **more) + b"<script>2</script>")
    assert found.media_type == media_type and found.name == f"Scan{ending}" and b"script" not in found.content
    with Image.open(io.BytesIO(found.content)) as again:
        assert again.size == (40, 30) and again.format == shape


def test_a_pdf_is_kept_as_it_is():
    found = read_document("letter.png", b"%PDF-1.7\nanything")
    assert (found.name, found.media_type, found.content) == ("letter.pdf", "application/pdf", b"%PDF-1.7\nanything")


@pytest.mark.parametrize("content", [
    b"", b"<html><script>alert(1)</script>", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"MZ\x90\x00", b"\n%PDF-1.7",
    image()[:60], image("GIF"), b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, b"PK\x03\x04",
])
def test_what_is_no_document(content):
    with pytest.raises(NotADocument):
        read_document("letter.pdf", content)


def test_too_large(monkeypatch):
    with pytest.raises(NotADocument, match="at most 5 MB"):
        read_document("a.pdf", b"%PDF-" + b"x" * LARGEST_BYTES)
    monkeypatch.setattr(documents, "MOST_PIXELS", 1000)
    with pytest.raises(NotADocument, match="megapixels"):
        read_document("a.png", image())


@pytest.mark.parametrize(("name", "kept"), [
    ("../../etc/passwd", "passwd.pdf"), ("C:\\Users\\x\\Letter.PDF", "Letter.pdf"), ("", "document.pdf"),
    ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie x.pdf"), ("\u202egnp.fdp", "gnp.pdf"), ("…", "….pdf"),
    (".pdf", "document.pdf"),
    ('"quoted".pdf', "quoted.pdf"), ("Ünïcødé ✓.pdf", "Ünïcødé ✓.pdf"), ("x" * 300 + ".pdf", "x" * 100 + ".pdf"),
])
def test_names(name, kept):
    assert read_document(name, b"%PDF-1").name == kept


class TestKept:
    def test_ten_and_no_more_and_the_same_once(self, db, own):
        asked = port(db, own)
        for n in range(MOST):
            for _ in range(2):
                add_document(db, asked, Document(f"{n}.pdf", "application/pdf", f"%PDF-{n}".encode()), by=COMMAND_LINE)
        assert len(documents_of(db, asked.id)) == MOST
        with pytest.raises(TooManyDocuments):
            add_document(db, asked, Document("x.pdf", "application/pdf", b"%PDF-x"), by=COMMAND_LINE)

    def test_none_when_the_request_is_over(self, db, own):
        asked = port(db, own)
        cancel(db, asked, by=COMMAND_LINE)
        with pytest.raises(PortMoved):
            add_document(db, asked, Document("x.pdf", "application/pdf", b"%PDF-x"), by=COMMAND_LINE)
