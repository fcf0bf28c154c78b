"""Acme with settings, telephones and a PBX that has Northwind's key."""

from base64 import b64encode

import pytest

from portal.accounts.models import Account
from portal.kit.db import transaction
from portal.pbx.credentials import renew
from portal.provisioning.commands import make_key
from tests.conftest import HostClient
from tests.pbx.making import LONDON, OXFORD, emergency, number, set_up

DIRECTORY = "/provisioning/v1/freeswitch/directory"


class Pbx(HostClient):
    """A PBX of one white label: it asks with a key, and keeps no cookies."""

    key = ""

    def open(self, *args, **kwargs):
        if self.key:
            kwargs["headers"] = {"Authorization": f"Bearer {self.key}", **kwargs.get("headers", {})}
        return super().open(*args, **kwargs)

    def basic(self, path, key, name="pbx", **kwargs):
        words = b64encode(f"{name}:{key}".encode()).decode()
        return self.get(path, headers={"Authorization": f"Basic {words}"}, **kwargs)

    def directory(self, **asked):
        """What mod_xml_curl sends to find a user."""
        form = {"hostname": "pbx1", "section": "directory", "tag_name": "domain", "key_name": "name",
                "key_value": self.host, "Event-Name": "REQUEST_PARAMS", "action": "sip_auth", "domain": self.host}
        return self.post(DIRECTORY, data={**form, **asked})


class Taken:
    """Acme as a PBX finds it."""

    def __init__(self, app, cast):
        self.cast = cast
        with transaction(cast.northwind.id) as db:
            account = db.load(Account, cast.acme)
            self.number = account.number
            number(db, account)
            self.needy = number(db, account, OXFORD, needs_address=True)
            set_up(db, account, cast.bob.actor)
            self.sip = renew(db, account, "101", by=cast.bob.actor)
            self.pbx = Pbx(app, cast.northwind.host)
            self.pbx.key = make_key(db, by=cast.bob.actor)
        with transaction(cast.kauri.id) as db:
            self.kauri = Pbx(app, cast.kauri.host)
            self.kauri.key = make_key(db, by=cast.charlie.actor)
        self.path = f"/provisioning/v1/{self.number}"

    def move_to(self, state):
        with transaction(self.cast.northwind.id) as db:
            db.load(Account, self.cast.acme).state = state

    def register_address(self, state):
        with transaction(self.cast.northwind.id) as db:
            emergency(db, self.needy, state)


@pytest.fixture
def taken(app, cast):
    return Taken(app, cast)


__all__ = ["LONDON", "OXFORD"]
