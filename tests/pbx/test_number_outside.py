"""The number outside beneath a choice of where calls go: it is the choice that counts."""

import re

import pytest

from tests.pbx.test_pages import GROUP, at, send


@pytest.mark.parametrize(("choice", "code"), [("", ""), ("extension:101", "extension:101")])
def test_a_number_left_behind_by_another_choice_counts_for_nothing(phones, client, choice, code):
    """Red when what the page hides is read: the calls still went outside, or the form came back."""
    browser, path = client(phones.owner), at(phones.own, "/groups/600")
    send(browser, path, GROUP)
    shown = dict(re.findall(r'name="(then_\w+)" value="([^"]*)"', browser.get(path).text))
    assert shown == {"then_outside": "+44 1865 496012", "then_was": "+44 1865 496012"}
    assert send(browser, path, {**GROUP, **shown, "then": choice}).status_code == 303
    then = phones.settings().groups[0].then
    assert (then.code if then else "") == code


def test_a_number_that_was_typed_beneath_another_choice_is_asked_about(phones, client):
    """Red when the number beneath another choice is never read."""
    path = at(phones.own, "/groups/600")
    form = {**GROUP, "then": "extension:101", "then_was": ""}
    assert "or clear the number" in send(client(phones.owner), path, form).text
