"""Olga's browser, and what the operator's pages leave behind."""

import pytest

from portal.kit.db import PLATFORM, reading
from tests.signup.browsing import browse

__all__ = ["browse"]


@pytest.fixture
def desk(browse, olga, clock):
    """Olga's browser with one token for all its forms: `desk.send(path, form)`."""
    browser = browse(olga)
    token = browser.token("/operator/white-labels/new")

    def send(path, form=None, **more):
        return browser.post(path, data={"csrf_token": token, **(form or {})}, **more)

    browser.send, browser.page_token = send, token
    return browser


@pytest.fixture
def rows(database):
    """Every row of a model, over all tenants."""

    def look(model, **wanted):
        with reading(PLATFORM) as db:
            return list(db.query(model).filter_by(**wanted))

    return look


def page_of(company):
    return f"/operator/white-labels/{company.id}"
