"""The operator reads what it issued to a white label, and nothing that the white label issued to its customers."""

import pytest

from portal.accounts.queries import white_label_account
from portal.kit.db import transaction
from portal.statements.commands import issue
from tests.accounts.making import OPTION_1, active, customer
from tests.cast import on_sqlite
from tests.statements.conftest import NOVEMBER


@pytest.fixture
def issued(northwind, clock):
    """November of Northwind itself and of Birch, its customer."""
    with transaction(northwind.id) as db:
        birch = active(db, customer(db, northwind.plans["desk"], OPTION_1), 5000)
        clock.advance(days=30)
        return issue(db, white_label_account(db), NOVEMBER), issue(db, birch, NOVEMBER)


@on_sqlite
def test_the_operator_finds_and_opens_them(client, olga, northwind, issued):
    ours, _ = issued
    desk, room = client(olga), f"/operator/white-labels/{northwind.id}"
    assert f"{room}/statements" in desk.get(room).text
    listed = desk.get(f"{room}/statements").text
    assert "November 2026" in listed and ours.number in listed and f"{room}/statements/{ours.id}" in listed
    shown = desk.get(f"{room}/statements/{ours.id}").text
    assert "Birch Dental" in shown and f'href="{room}/statements"' in shown and "All customers" in shown
    assert desk.get(f"{room}/statements/{ours.id}.pdf").data.startswith(b"%PDF")
    assert ours.number in desk.get(f"{room}/statements/{ours.id}.csv").text


@on_sqlite
def test_what_the_white_label_issued_and_what_is_anothers_is_not_there(client, olga, northwind, kauri, issued):
    """Shown red with `_issued_or_404` taking any statement of the tenant."""
    ours, birchs = issued
    desk = client(olga)
    for tenant, statement in ((northwind, birchs), (kauri, ours)):
        for ending in ("", ".pdf", ".csv"):
            address = f"/operator/white-labels/{tenant.id}/statements/{statement.id}{ending}"
            assert desk.get(address).status_code == 404, address
    assert "No statements yet" in desk.get(f"/operator/white-labels/{kauri.id}/statements").text
