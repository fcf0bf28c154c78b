"""Asking an address as somebody, and what is met there; everything in the database as one digest."""

import hashlib
import re

from sqlalchemy import text
from werkzeug.test import TestResponse

from portal.kit.db import PLATFORM, Base, reading
from tests.access.phones_table import NAMES
from tests.conftest import HostClient


def digest() -> str:
    """Everything in the database but sessions, the trail of acts included."""
    words = hashlib.sha256()
    with reading(PLATFORM) as db:
        for table in Base.metadata.sorted_tables:
            if table.name == "web_session":
                continue
            rows = db.connection().execute(text(f'select * from "{table.name}"'))
            words.update(repr(sorted(map(repr, rows))).encode())
    return words.hexdigest()


def path_of(rule: str, ids: dict[str, object]) -> str:
    rule = re.sub(r"<uuid:(\w+)>", lambda part: str(ids[part[1]]), rule)
    for part, name in NAMES.items():
        rule = rule.replace(part, name)
    return rule.replace("<token>", "x").replace("<slug>", "x").replace("<path:filename>", "none")


def ask(browser: HostClient, method: str, path: str, role: str) -> TestResponse:
    if method == "GET":
        return browser.get(path)
    page = "/login" if role == "anonymous" else "/password/change"
    return browser.post(path, data={"csrf_token": browser.token(page)})


def meets(answer: TestResponse) -> str:
    if (answer.status_code in (302, 303) and answer.location.startswith("/login?")) or answer.location == "/login":
        return "sign-in"
    return {403: "no", 404: "hidden", 410: "dead"}.get(answer.status_code, "in")
