"""The addresses that name no account, for whoever has one."""

from portal.accounts.commands import add_member
from portal.accounts.lifecycle import Role
from portal.accounts.models import Account
from portal.identity.models import User
from portal.kit.db import transaction
from tests.numbers.test_pages import street

__all__ = ["street"]


def test_ones_own_numbers_and_services_are_found_without_the_accounts_id(street, browse, bob):
    """With one account its own page, with several the list of them. Red without the addresses (404)."""
    own = browse(street.owner)
    for below in ("numbers", "services"):
        assert own.get(f"/account/{below}").location == f"/account/{street.own}/{below}"
        assert own.get(f"/account/{street.own}/{below}").status_code == 200
        assert browse(bob).get(f"/account/{below}").status_code == 403
    with transaction(street.tenant.id) as db:
        add_member(db, db.load(Account, street.run), db.load(User, street.owner.id), Role.STANDARD)
    assert [own.get(f"/account/{below}").location for below in ("numbers", "services")] == ["/account"] * 2
