"""A document as PDF/A-2b, set by typst. What people wrote goes in as data and is never read as markup."""

import json
import re
from datetime import datetime
from functools import cache
from typing import Any, Final

import typst

from portal.kit.settings import root

STANDARD: Final = "a-2b"
TRIES = 3
GAP = "□"

# PDF/A has no letter without a glyph: typst names each one that no font of the machine can show.
NO_GLYPH = re.compile(r'the text `"(.+?)"` could not be displayed')
# Written as Rust writes a text: `\u{200b}`, or a backslash and a sign of its own.
ESCAPED = re.compile(r"\\(?:u\{([0-9a-f]+)\}|(.))")
SIGNS = {"t": "\t", "n": "\n", "r": "\r", "0": "\0"}


def to_pdf(document: dict[str, Any], issued_at: datetime) -> bytes:
    """The same document is the same file, whoever asks and whenever. Letters that no font has become boxes."""
    for _ in range(TRIES):
        try:
            return _set(document, issued_at)
        except typst.TypstError as error:
            missing = {_unescaped(found) for found in NO_GLYPH.findall(error.diagnostic)}
            if not missing:
                raise
            document = _replaced(document, missing)
    return _set(document, issued_at)


def _set(document: dict[str, Any], issued_at: datetime) -> bytes:
    return typst.compile(
        _template(),
        font_paths=_fonts(),
        sys_inputs={"document": json.dumps(document)},
        format="pdf",
        pdf_standards=STANDARD,
        timestamp=int(issued_at.timestamp()),
    )


@cache
def _fonts() -> typst.Fonts:
    """Looked for once a process: by itself typst reads every font of the machine for each document."""
    return typst.Fonts()


@cache
def _template() -> bytes:
    return (root() / "portal/templates/statements/document.typ").read_bytes()


def _unescaped(text: str) -> str:
    return ESCAPED.sub(lambda found: chr(int(found[1], 16)) if found[1] else SIGNS.get(found[2], found[2]), text)


def _replaced(value: Any, missing: set[str]) -> Any:
    if isinstance(value, str):
        for text in missing:
            value = value.replace(text, GAP)
        return value
    if isinstance(value, list):
        return [_replaced(each, missing) for each in value]
    if isinstance(value, dict):
        return {key: _replaced(each, missing) for key, each in value.items()}
    return value
