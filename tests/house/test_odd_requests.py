"""No page breaks on an odd request, whoever sends it: an answer below 500, on both databases, for every address."""

from uuid import uuid4

import pytest

from portal.kit.limits import limiter

ODD = (
    "q=%00",
    "q=%FF%FE&page=-1&month=2026-13&from=0000-00-00&to=x&state=nowhere&account=not-an-id&after=%27&before=x",
    "q=%25%5F%5C&page=99999999999999999999&month=0&sort=--&next=//evil.example&limit=0&day=2026-02-30",
    "q=" + "x" * 3000 + "&after=9999-12-31T23:59:59%2B00:00_x&customer=x&month=9999-12",
    "month=0001-01&after=_&before=,,&page=&account=&state=",
)

ID = uuid4()
MADE_UP = {"x", str(ID), str(2**63)}


def addresses(app):
    """One address for each rule that answers GET, ids and words made up."""
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if "GET" not in (rule.methods or ()) or rule.endpoint.endswith("static"):
                continue
            kinds = {name: type(rule._converters[name]).__name__.removesuffix("Converter").casefold()
                     for name in rule.arguments if name in rule._converters}
            values = {name: {"uuid": ID, "integer": 2**63}.get(kind, "x") for name, kind in kinds.items()}
            built = rule.build(values | (dict(rule.defaults or {})))
            if built is not None:
                yield built[1]


@pytest.mark.parametrize("who", ["nobody", "alice", "bob", "olga"])
def test_no_address_breaks_on_an_odd_question(app, client, cast, who, monkeypatch):
    """Red before NUL was refused in one place: PostgreSQL takes none, and every search page was a crash."""
    monkeypatch.setattr(limiter, "enabled", False)
    browser = client("northwind.localhost" if who == "nobody" else getattr(cast, who))
    paths = sorted(set(addresses(app)))
    assert len(paths) > 25
    broke = []
    for path in paths:
        for query in ODD if not MADE_UP.intersection(path.split("/")) else ODD[:1]:
            answer = browser.get(f"{path}?{query}")
            if answer.status_code >= 500:
                broke.append(f"{answer.status_code} {path}?{query[:40]}")
    assert broke == []


def test_a_path_with_a_nul_is_refused(client, cast):
    assert client(cast.bob).get("/customers/%00").status_code in (400, 404)
