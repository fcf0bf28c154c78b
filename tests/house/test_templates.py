"""Pages obey the content security policy and never trust what people typed."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.house.source import ROOT, broken, calls, snippet

TEMPLATES = ROOT / "portal" / "templates"
EVERYWHERE = {
    "an inline script": r"<script(?![^>]*\ssrc=)",
    "an event attribute": r"<[^>]*\son[a-z]+\s*=",
    "a javascript: address": r"javascript:",
    "text that is trusted": r"\|\s*safe\b|\bautoescape\s+false",
}
# Mail programs read no style sheets, so letters carry theirs; browsers get none but from our own files.
ON_PAGES = {"an inline style": r"<style|<[^>]*\sstyle\s*="}

BAD = {
    "an inline script": "<script>1</script>", "an event attribute": '<a href="/" onclick="x()">',
    "a javascript: address": '<a href="javascript:x()">', "text that is trusted": "{{ name | safe }}",
    "an inline style": '<p class="x" style="color: red">',
}


def offences(text: str, rules: dict[str, str]) -> list[str]:
    return [name for name, pattern in rules.items() if re.search(pattern, text, re.IGNORECASE)]


def pages() -> Iterator[tuple[str, str, bool]]:
    for file in sorted((ROOT / "portal").rglob("*.html")):
        yield str(file.relative_to(ROOT)), file.read_text(), "letters" in file.relative_to(ROOT).parts


@pytest.mark.parametrize("name", BAD)
def test_each_rule_can_fail(name):
    assert name in offences(BAD[name], EVERYWHERE | ON_PAGES)


def test_pages_have_no_inline_script_style_or_trusted_text():
    found = {name: offences(text, EVERYWHERE | ({} if letter else ON_PAGES)) for name, text, letter in pages()}
    assert len(found) > 10
    assert {name: what for name, what in found.items() if what} == {}


def markup(tree: ast.AST) -> Iterator[ast.AST]:
    return calls(tree, "Markup")


def test_no_module_declares_text_safe():
    assert list(markup(snippet("Markup(name)")))
    # A letter's style sheet is a file of ours with the brand's colour in it, which was checked to be one.
    assert broken(markup, but=("portal/letters/flows.py",)) == []
