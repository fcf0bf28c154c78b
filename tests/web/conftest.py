"""Browsers for the tests of what every page shares."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from portal.app import create_app
from portal.kit import db as kit_db
from portal.kit.limits import limiter
from tests.cast import Person
from tests.conftest import HostClient


@pytest.fixture
def secure_app(change_settings: Callable[..., Any]) -> Flask:
    """The application as it is behind https."""
    change_settings(scheme="https")
    from portal.kit.settings import current

    made = create_app(current())
    limiter.reset()
    yield made
    kit_db.database().dispose()


@pytest.fixture
def signed_in(app: Flask) -> Callable[[Person], HostClient]:
    def open_client(who: Person) -> HostClient:
        made = HostClient(app, who.host)
        made.sign_in(who)
        return made

    return open_client
