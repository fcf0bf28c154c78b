"""How much a page asks of the database: the charges page is the busiest, and each question it adds is felt."""

import pytest
from sqlalchemy import event

from tests.cast import on_sqlite


@pytest.fixture
def asked(app):
    from portal.kit.db import database

    seen: list[str] = []
    engines = {database().web, database().platform}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", lambda conn, cursor, statement, *more: seen.append(statement))
    return seen


@on_sqlite
def test_the_page_takes_ten_questions_in_three_transactions(desk, asked, browse, fiona):
    """Session and host in one, the person and what they may do in one, the page in one. Red when a look-up is added."""
    browser = browse(fiona)
    browser.get("/finance/charges")
    asked.clear()
    assert browser.get("/finance/charges").status_code == 200
    begun = [statement for statement in asked if statement.startswith("BEGIN")]
    assert (len(begun), len(asked) - len(begun)) == (3, 10)


@on_sqlite
def test_a_file_that_anybody_may_have_asks_nothing(asked, browse, fiona):
    browser = browse(fiona)
    asked.clear()
    assert browser.get("/static/theme.css").status_code == 200
    assert asked == []
