"""`portal verify` names what a standstill should hold and does not. Red when the check is left out."""

from portal.accounts.models import Account
from portal.kit.clock import now
from portal.verify import verify
from portal.whitelabels.models import WhiteLabel
from tests.cast import on_sqlite
from tests.verify.planting import change, differences

pytestmark = on_sqlite


def test_an_account_that_works_all_the_same_is_named(street):
    street.stop()
    assert differences("standstills") == []
    change(Account, Account.id == street.id("Ash"), state="active")
    (words,) = differences("standstills")
    assert "is active, and the operator has all customers suspended" in words
    assert {finding.what: finding.checked for finding in verify()}["standstills"] == 1


def test_a_mark_without_a_standstill_is_named(street):
    change(WhiteLabel, WhiteLabel.id == street.company.id, customers_suspended_at=now())
    assert len(differences("standstills")) == 1
