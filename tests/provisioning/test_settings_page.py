"""The page of the key: shown on the answer that made it, renewed and ended, by administrators of the white label."""

import re

from sqlalchemy import select

from portal.audit.models import AuditRow
from portal.kit.db import reading
from portal.provisioning.models import ProvisioningKey

PAGE = "/settings/provisioning"


def shown(answer):
    found = re.search(r'<code class="secret">([^<]+)</code>', answer.text)
    return found[1] if found else None


def test_a_key_is_made_shown_once_renewed_and_ended(app, client, bob, northwind):
    browser = client(bob)
    assert "No PBX can take settings" in browser.get(PAGE).text
    first = shown(browser.submit(PAGE))
    assert first.startswith("pbx_") and len(first) > 40
    page = browser.get(PAGE)
    assert shown(page) is None and first not in page.text and first[-4:] in page.text and "Never" in page.text
    second = shown(browser.submit(PAGE))
    pbx = client(northwind)

    def asks(key):
        return pbx.get("/provisioning/v1/none", headers={"Authorization": f"Bearer {key}"}).status_code

    assert (asks(first), asks(second)) == (401, 404)
    assert browser.submit(f"{PAGE}/revocation", page=PAGE).status_code == 303
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
