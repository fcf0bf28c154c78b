"""The page of the key: shown on the answer that made it, renewed and ended, by administrators of the white label."""

import re

from sqlalchemy import select

from portal.audit.models import AuditRow
from portal.kit.db import reading
from portal.kit.settings import current
from portal.provisioning.models import ProvisioningKey

PAGE = "/settings/provisioning"


def shown(answer):
    found = re.search(r'<code class="secret">([^<]+)</code>', answer.text)
    return found[1] if found else None


def seen(browser, act):
    return re.search(r'name="seen" value="([^"]*)"', browser.get(f"{PAGE}/{act}").text)[1]


def test_a_key_is_made_shown_once_renewed_and_ended(app, client, bob, northwind):
    browser = client(bob)
    assert "No PBX can take settings" in browser.get(PAGE).text
    first = shown(browser.submit(PAGE))
    assert first.startswith("pbx_") and len(first) > 40
    page = browser.get(PAGE)
    assert shown(page) is None and first not in page.text and first[-4:] in page.text and "Never" in page.text
    second = shown(browser.submit(PAGE, {"seen": seen(browser, "renewal")}, page=f"{PAGE}/renewal"))
    pbx = client(northwind)

    def asks(key):
        return pbx.get("/provisioning/v1/none", headers={"Authorization": f"Bearer {key}"}).status_code

    assert (asks(first), asks(second)) == (401, 404)
    assert browser.submit(f"{PAGE}/revocation", {"seen": seen(browser, "revocation")}).status_code == 303
    assert asks(second) == 401
    with reading(northwind.id) as db:
        assert [key.ended_at is not None for key in db.scalars(select(ProvisioningKey))] == [True, True]
        acts = db.scalars(select(AuditRow.action).where(AuditRow.action.startswith("provisioning.")))
        assert sorted(acts) == ["provisioning.key-ended", "provisioning.key-made", "provisioning.key-renewed"]


def test_nobody_else_makes_or_ends_a_key(client, alice, fiona, bob):
    for person in (alice, fiona):
        browser = client(person)
        token = browser.token("/password/change")
        for path in (PAGE, f"{PAGE}/revocation"):
            assert browser.post(path, data={"csrf_token": token}).status_code == 403
    assert client(bob).post(PAGE).status_code == 400, "and none without the page's own token"


def keys(northwind):
    with reading(northwind.id) as db:
        return [(key.hint, key.ended_at is None) for key in db.scalars(select(ProvisioningKey))]


def test_a_key_that_a_pbx_may_use_ends_only_after_a_page_that_says_so(client, bob, northwind):
    """Red with `seen` not looked at: a second press of *Make a key*, or an old page, would end the present one."""
    browser = client(bob)
    for act in ("renewal", "revocation"):
        assert browser.get(f"{PAGE}/{act}").headers["Location"].endswith(PAGE), "nothing can be ended yet"
    browser.submit(PAGE, {"seen": ""})
    [present] = keys(northwind)
    page = browser.get(PAGE).text
    assert f'href="{PAGE}/renewal"' in page and f'href="{PAGE}/revocation"' in page and f'action="{PAGE}' not in page
    for act, path in (("renewal", PAGE), ("revocation", f"{PAGE}/revocation")):
        asked = browser.get(f"{PAGE}/{act}").text
        assert "The present key ends at once" in asked and "telephones stop registering" in asked
        for odd in ("", "x", "\u202e", "9" * 5000):
            again = browser.submit(path, {"seen": odd}, page=f"{PAGE}/{act}")
            assert again.status_code == 409 and shown(again) is None and "ends at once" in again.text
    assert keys(northwind) == [present]


def test_an_old_page_does_not_end_a_newer_key(client, bob, northwind):
    browser = client(bob)
    browser.submit(PAGE, {"seen": ""})
    old = {"seen": seen(browser, "renewal")}
    assert shown(browser.submit(PAGE, old, page=f"{PAGE}/renewal"))
    before = keys(northwind)
    for path in (PAGE, f"{PAGE}/revocation"):
        assert browser.submit(path, old, page=f"{PAGE}/renewal").status_code == 409
    assert keys(northwind) == before


def test_the_addresses_are_those_that_the_settings_say(client, bob, northwind):
    """Red with https written into the page."""
    address = current().address(northwind.host, "/provisioning/v1/")
    page = client(bob).get(PAGE).text.replace("<wbr>", "")
    assert f"{address}ACCOUNT" in page and f"{address}freeswitch/directory" in page
    assert address.startswith("http://") and "https://" not in page[page.index("Where a PBX asks"):]
