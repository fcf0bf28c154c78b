"""The operator's page for usage files."""

import io

import pytest
from sqlalchemy import select

from portal.billing.models import UsageRecord
from portal.kit.db import reading, transaction
from tests.accounts.making import active, customer
from tests.billing.making import service
from tests.operator.conftest import page_of
from tests.signup.browsing import words


@pytest.fixture
def number(northwind, clock):
    with transaction(northwind.id) as db:
        service(db, "minutes", "usage", unit="minutes")
        return active(db, customer(db, northwind.plans["desk"])).number


def sent(desk, northwind, text, act="take"):
    file = (io.BytesIO(text if isinstance(text, bytes) else text.encode()), "usage.csv")
    answer = desk.send(f"{page_of(northwind)}/usage", {"file": file, "act": act}, content_type="multipart/form-data")
    return answer.status_code, words(answer)


def records(northwind):
    with reading(northwind.id) as db:
        return len(db.scalars(select(UsageRecord)).all())


def test_checked_first_then_taken_in_and_sent_again_without_harm(desk, northwind, number):
    text = f"reference,account,service,day,quantity\na,{number},minutes,2026-11-02,5\nb,x,minutes,2026-11-02,5\n"
    status, page = sent(desk, northwind, text, "check")
    assert status == 200 and "1 would be taken in, 0 here before, 1 refused. Nothing was changed." in page
    assert records(northwind) == 0
    assert "1 taken in, 0 here before, 1 refused." in sent(desk, northwind, text)[1]
    page = sent(desk, northwind, text)[1]
    assert "0 taken in, 1 here before" in page and "No customer has the account number 'x'." in page
    assert records(northwind) == 1


HEAD = b"reference,account,service,day,quantity\n"


@pytest.mark.parametrize("text", ["nothing", b"\xff\xfe\x00", HEAD + b"\xff,1,2,3,4\n"])
def test_what_is_no_such_file_is_refused_beside_the_field(desk, northwind, number, text):
    """Latin letters in another encoding included. Red with an error of the server."""
    status, page = sent(desk, northwind, text)
    assert status == 422 and ("The first line has to name" in page or "cannot be read as CSV" in page)
    assert records(northwind) == 0


def test_without_a_file_it_says_so(desk, northwind):
    answer = desk.send(f"{page_of(northwind)}/usage", {"act": "take"})
    assert answer.status_code == 422 and "Choose a CSV file." in words(answer)
