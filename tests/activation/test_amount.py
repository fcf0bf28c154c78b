"""The amounts that the customer is offered, when one payment by card cannot carry what is needed."""

import pytest
from werkzeug.datastructures import MultiDict

from portal.activation.forms import AmountForm
from portal.kit.money import MOST_BY_CARD_MINOR, Money


@pytest.fixture
def form(app):
    def make(least_minor, **typed):
        with app.test_request_context("/", method="POST"):
            made = AmountForm(MultiDict(typed), least=Money(least_minor, "GBP"), locale="en_GB", meta={"csrf": False})
            made.validate()
            return made

    return make


def test_no_amount_is_offered_that_would_be_refused(form):
    """Red when round amounts are offered whatever they are."""
    offered = [choice.value for choice in form(80_000_000).amount.choices]
    assert offered == ["800000.00"]
    for amount in offered:
        assert form(80_000_000, amount=amount).chosen == Money(80_000_000, "GBP")


def test_more_than_one_payment_can_be_is_paid_in_several(form):
    """A price or a tax that rose after the plan was made. Red when the least amount is asked for at once: no amount
    would be small enough for the gateway and large enough for the plan."""
    asked = form(MOST_BY_CARD_MINOR + 1, amount="999999.99")
    assert asked.takes_several and asked.chosen == Money(MOST_BY_CARD_MINOR, "GBP") and not asked.errors


def test_what_one_payment_can_carry_is_asked_for_at_once(form):
    asked = form(MOST_BY_CARD_MINOR, amount="999999.98")
    assert not asked.takes_several and asked.chosen is None and "amount" in asked.errors
