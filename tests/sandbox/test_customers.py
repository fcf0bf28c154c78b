"""Customers, and the pages of a list."""

import pytest
import stripe


def test_a_customer_is_kept_as_given(shop):
    made = shop.v1.customers.create(params={
        "name": "Wairoa Health Shuttle", "email": "m@wairoa.example", "phone": "+6468380000",
        "address": {"line1": "1 Marine Parade", "country": "NZ"}, "metadata": {"portal_account": "207-0114"}})
    found = shop.v1.customers.retrieve(made.id)
    assert found.to_dict() == made.to_dict()
    assert (found.name, found.address.country, found.metadata["portal_account"]) == (
        "Wairoa Health Shuttle", "NZ", "207-0114")
    assert found.livemode is False


def test_an_update_changes_what_it_names_and_says_what_changed(shop):
    made = shop.v1.customers.create(params={"name": "Old", "email": "a@b.example", "metadata": {"a": "1", "b": "2"}})
    shop.v1.customers.update(made.id, params={"name": "New", "metadata": {"a": "", "c": "3"}})
    found = shop.v1.customers.retrieve(made.id)
    assert (found.name, found.email, found.metadata.to_dict()) == ("New", "a@b.example", {"b": "2", "c": "3"})
    event = shop.v1.events.list(params={"type": "customer.updated"}).data[0]
    assert event.data.previous_attributes["name"] == "Old"


def test_a_list_is_newest_first_and_comes_in_pages(shop):
    made = [shop.v1.customers.create(params={"name": str(n)}).id for n in range(5)]
    page = shop.v1.customers.list(params={"limit": 2})
    assert ([c.id for c in page.data], page.has_more) == ([made[4], made[3]], True)
    last = shop.v1.customers.list(params={"limit": 2, "starting_after": made[1]})
    assert ([c.id for c in last.data], last.has_more) == ([made[0]], False)
    back = shop.v1.customers.list(params={"limit": 2, "ending_before": made[1]})
    assert ([c.id for c in back.data], back.has_more) == ([made[3], made[2]], True)
    assert [c.id for c in page.auto_paging_iter()] == made[::-1]


def test_a_list_is_filtered(shop):
    shop.v1.customers.create(params={"email": "a@b.example"})
    wanted = shop.v1.customers.create(params={"email": "c@d.example"})
    found = shop.v1.customers.list(params={"email": "c@d.example", "created": {"gte": wanted.created}})
    assert [c.id for c in found.data] == [wanted.id]
    assert shop.v1.customers.list(params={"created": {"lt": 1}}).data == []


@pytest.mark.parametrize("params", [{"limit": 0}, {"limit": 101}, {"starting_after": "cus_nobody"}])
def test_a_page_that_cannot_be_is_refused(shop, params):
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.customers.list(params=params)
