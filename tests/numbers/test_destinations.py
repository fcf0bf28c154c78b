"""The seam through which numbers ask where calls can go: whoever answers there is obeyed."""

import pytest

from portal.kit.refusals import NotAllowed
from portal.numbers import destinations
from portal.numbers.destinations import Told
from tests.numbers.test_pages import order, quoted, reserve, street
from tests.signup.browsing import errors, words

__all__ = ["street"]


class Closed:
    """Phone settings that the reader neither reads nor edits, whoever it is."""

    def offers(self, db, desk):
        return []

    def route(self, db, desk, wanted, *, by):
        raise NotAllowed("These settings are not yours.")

    def told(self, db, desk):
        return None


class Engaged:
    """Phone settings with one place, which takes no call to the second number."""

    def __init__(self):
        self.asked = []

    def offers(self, db, desk):
        return [("desk", "Front desk")]

    def route(self, db, desk, wanted, *, by):
        self.asked += [(n.state, n.account_id, by.name, desk.side, each.value) for n, each in wanted.items()]
        return {n.id: "It is engaged." for n in wanted if n.e164.endswith("1")}

    def told(self, db, desk):
        return Told({}, can_edit=False)


@pytest.mark.parametrize("board", [Closed(), None], ids=["closed", "none"])
def test_who_may_not_choose_sees_no_choice_and_a_forged_one_assigns_nothing(street, browse, monkeypatch, board):
    """Red when what was sent is left out silently, as somebody else's choice would be."""
    monkeypatch.setattr(destinations, "switchboard", board)
    browser, base, one = browse(street.owner), f"/account/{street.own}", street.numbers[0]
    reserve(browser, base, one)
    form, page = quoted(browser, base)
    assert f"to_{one}" not in page.text and "Where calls go is chosen later" in words(page)
    assert "Calls go to" not in words(browser.get(f"{base}/numbers"))
    answer = browser.post(f"{base}/numbers/quote", data=form | {f"to_{one}": "desk"})
    assert answer.status_code == 403 and "Go to the numbers" in answer.text
    assert street.number().state == "reserved" and street.charged(street.own) == 0
    assert browser.post(f"{base}/numbers/quote", data=form).status_code == 303


def test_it_is_asked_in_the_transaction_of_the_assignment(street, browse, monkeypatch):
    """Red when numbers are assigned first, and sent there in a transaction after it."""
    board = Engaged()
    monkeypatch.setattr(destinations, "switchboard", board)
    base, (one, two) = f"/account/{street.own}", street.numbers[:2]
    answer, _, _ = order(browse(street.owner), base, one, two, **{f"to_{one}": "desk", f"to_{two}": "desk"})
    assert answer.status_code == 422 and errors(answer) == {f"to-{two}": "It is engaged."}
    assert board.asked == [("assigned", street.own, street.owner.name, "account", "desk")] * 2
    assert [street.number(n).state for n in (0, 1)] == ["reserved", "reserved"] and street.charged(street.own) == 0
