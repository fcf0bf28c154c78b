"""The operator's pages about numbers: files and ranges, the list, blocks handed over and taken back."""

import pytest
from sqlalchemy import select, update

from portal.audit.models import AuditRow
from portal.kit import jobs
from portal.kit.db import PLATFORM, reading, transaction
from portal.numbers.lifecycle import NumberState
from portal.numbers.models import Number, NumberBlock, StockNumber
from portal.numbers.stock_file import MOST_BYTES
from portal.numbers.stock_models import ImportFates, NumberImport
from tests.accounts.making import active, customer
from tests.cast import on_both
from tests.numbers.conftest import CLASS, depot, numbers_with
from tests.signup.browsing import words
from tests.uploads import multipart

__all__ = ["depot"]
BASE = "/operator/numbers"


def send_file(desk, text, name="uk.csv", **terms):
    form = {"price_class": CLASS.code, "country": "", "kind": "", **terms}
    fields = {"csrf_token": desk.page_token, **{f"file-{key}": value for key, value in form.items()}}
    content = text if isinstance(text, bytes) else text.encode()
    return desk.post(f"{BASE}/files", **multipart(fields, "file-file", name, content))


def kept(depot):
    """The file of the only import."""
    with reading(depot.id) as db:
        return db.scalars(select(NumberImport.content)).one()


def test_a_file_is_checked_then_added_and_shown(desk, depot, rows):
    answer = send_file(desk, "number\n020 7946 0001\n+64 9 234 5678\nrubbish\n", country="GB")
    assert answer.status_code == 303
    place = answer.location
    page = words(desk.get(place))
    assert "Being checked" in page and "0 of 4 lines" in page and "Add 2 numbers" not in page
    jobs.run_due()
    page = words(desk.get(place))
    assert "Nothing has been added yet" in page and "Add 2 numbers" in page and "Write digits" in page
    assert not rows(StockNumber)
    fates = desk.get(f"{place}/fates.csv").text
    assert "2,020 7946 0001,+442079460001,New,\r\n" in fates and '4,rubbish,,Refused,"Write digits' in fates
    assert desk.send(f"{place}/confirmation").status_code == 303
    assert "Being added" in words(desk.get(place))
    jobs.run_due()
    page = words(desk.get(place))
    assert "The numbers are in stock" in page and "Added 2" in page
    page = words(desk.get(BASE))
    assert "+44 20 7946 0001" in page and "09 234 5678" in page and "In stock 2" in page
    assert desk.send(f"{place}/confirmation").status_code == 409
    assert len(rows(NumberBlock)) == 1
    assert kept(depot) is None


def test_a_line_that_goes_against_the_numbering_plans_is_shown_before_it_is_added(desk, depot, rows):
    """Red when every line that adds a number is passed over on the page and in the CSV."""
    lines = "0113 234 5678,mobile\n+1 212 456 7890,\n020 7946 0001,\n"
    place = send_file(desk, f"number,type\n{lines}", country="GB").location
    jobs.run_due()
    answer = desk.get(place)
    page = words(answer)
    assert "To be added 3" in page and "Add 3 numbers" in page and "Lines to look at" in page
    assert "Line 2 0113 234 5678 New It is taken as mobile; by its numbering plan it is geographic." in page
    assert "Line 3 +1 212 456 7890 New It is of United States, not of United Kingdom." in page and "Line 4" not in page
    assert answer.text.count(f'href="{place}/fates.csv"') == 1 and "Every line as CSV" in page
    desk.send(f"{place}/confirmation")
    jobs.run_due()
    assert "by its numbering plan it is geographic" in words(desk.get(place))
    assert {row.e164: row.kind for row in rows(StockNumber)}["+441132345678"] == "mobile"


def test_the_progress_page_works_when_left_and_opened_again(desk, depot):
    place = send_file(desk, "number\n+442079460001\n").location
    first = desk.get(place).text
    assert "<progress" in first and f'data-follow="{place}"' in first
    jobs.run_due()
    again = desk.get(place).text
    assert "<progress" not in again and "data-follow" not in again


def test_what_was_checked_can_be_dropped(desk, depot, rows):
    place = send_file(desk, "number\n+442079460001\n").location
    jobs.run_due()
    assert desk.send(f"{place}/removal").status_code == 303
    assert rows(NumberImport)[0].state == "dropped" and kept(depot) is None
    assert desk.send(f"{place}/confirmation").status_code == 409 and desk.send(f"{place}/removal").status_code == 409
    assert not rows(StockNumber) and not rows(NumberBlock)


@pytest.mark.parametrize(
    "text, why",
    [
        (b"", "has to name the columns"), (b"telephone\n+4420\n", "has to name the columns"),
        (b"number;colour\n+44;red\n", "no column"), (b"number,number\n1,2\n", "twice"),
        (b"\xff\xfen\x00u\x00", "UTF-16"), (b"PK\x03\x04xl", "workbook"), (b'number,"a\n', "cannot be read as CSV"),
    ],
)
def test_what_is_no_file_of_numbers_is_refused_beside_the_field(desk, depot, rows, text, why):
    answer = send_file(desk, text)
    assert answer.status_code == 422 and why in words(answer)
    assert not rows(NumberImport)


def test_a_file_may_be_larger_than_other_requests_and_has_a_limit(desk, depot, rows):
    """Red with 413 for every file above a megabyte when the limit of other requests holds for it."""
    line = b"+442079460001," + b"x" * 400 + b"\n"
    assert send_file(desk, b"number,area\n" + line * 5000).status_code == 303
    answer = send_file(desk, b"number\n" + b"1" * MOST_BYTES)
    assert answer.status_code == 422 and "larger than 16 MB" in words(answer)
    assert send_file(desk, b"number\n" + b"1" * (MOST_BYTES + 2 * 1024 * 1024)).status_code == 413
    assert send_file(desk, b"number\n" + b"1\n" * 250_002).status_code == 422
    assert len(rows(NumberImport)) == 1


def test_somebody_who_is_not_signed_in_sends_no_long_file(client, olga):
    browser = client(olga.host)
    sent = multipart({}, "file-file", "a.csv", b"1" * 2_000_000)
    assert browser.post(f"{BASE}/files", **sent).status_code in (400, 413)


@pytest.mark.parametrize(
    "field, value, why",
    [("price_class", "nothing", "Not a valid choice"), ("country", "XX", "Not a valid choice"),
     ("kind", "rotary", "Not a valid choice")],
)
def test_made_up_terms_are_refused(desk, depot, rows, field, value, why):
    answer = send_file(desk, "number\n", **{field: value})
    assert answer.status_code == 422 and why in words(answer) and not rows(NumberImport)


def send_range(desk, first, last, country="GB", kind=""):
    form = {"first": first, "last": last, "price_class": CLASS.code, "country": country, "kind": kind}
    return desk.send(f"{BASE}/ranges", {f"range-{name}": value for name, value in form.items()})


def test_a_range_is_checked_and_added_like_a_file(desk, depot, rows):
    place = send_range(desk, "0113 496 0000", "0113 496 0009").location
    jobs.run_due()
    assert "Add 10 numbers" in words(desk.get(place))
    desk.send(f"{place}/confirmation")
    jobs.run_due()
    assert [n.e164 for n in rows(StockNumber)] == [f"+4411349600{n:02}" for n in range(10)]
    assert {n.area for n in rows(StockNumber)} == {"Leeds"}


def test_a_range_for_films_needs_its_type_said(desk, depot):
    place = send_range(desk, "07700 900000", "07700 900009").location
    jobs.run_due()
    assert "Say its type" in words(desk.get(place))
    place = send_range(desk, "07700 900000", "07700 900009", kind="mobile").location
    jobs.run_due()
    assert "Add 10 numbers" in words(desk.get(place))


@pytest.mark.parametrize(
    "first, last, why",
    [
        ("020 7946 0000", "020 7946 00", "same length"), ("+44 20 7946 0000", "+64 9 234 5678", "same length"),
        ("020 7946 0009", "020 7946 0000", "before the first"), ("020 7900 0000", "020 7946 0000", "10,000 at most"),
        ("", "020 7946 0000", "Write the first number"), ("020 7946 0000", "x", "Write digits"),
        ("020 7946 0000", "020 7946 0000\x00", ""),
    ],
)
def test_what_is_no_range_is_said_plainly(desk, depot, rows, first, last, why):
    answer = send_range(desk, first, last)
    assert answer.status_code in (400, 422) and why in words(answer) and not rows(NumberImport)


def test_the_list_is_searched_filtered_and_paged(desk, depot):
    depot.taken("number,area\n" + "\n".join(f"+4411349600{n:02},Leeds" for n in range(60)))
    depot.taken("number\n+6492345678\n+448081570001\n")
    page = words(desk.get(BASE))
    assert "+44 113 496 0000" in page and "+44 113 496 0033" not in page
    href = desk.get(BASE).text.split('After')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    page = desk.get(href)
    assert "+44 113 496 0033" in words(page) and "+44 113 496 0000" not in words(page)
    assert "+64 9 234 5678" in words(desk.get(f"{BASE}?q=09 234 5678&country=NZ"))
    for query in ("q=0113 496 0007", "q=%2B44 (0)113 496 0007", "q=4960007"):
        found = words(desk.get(f"{BASE}?{query}"))
        assert "+44 113 496 0007" in found and "+44 113 496 0008" not in found, query
    assert "+64 9" not in words(desk.get(f"{BASE}?q=leeds")) and "496 0001" in words(desk.get(f"{BASE}?q=leeds"))
    assert "No number fits" in words(desk.get(f"{BASE}?type=mobile"))
    assert "+44 808 157 0001" in words(desk.get(f"{BASE}?type=toll_free"))
    assert "No number fits" in words(desk.get(f"{BASE}?state=assigned"))


@pytest.mark.parametrize("query", ["after=x", "after=1_2", "holder=1", "before=%00", "q=%00"])
def test_an_address_that_no_page_links_to_is_a_clear_answer(desk, depot, query):
    assert desk.get(f"{BASE}?{query}").status_code == 400


@pytest.mark.parametrize("query", ["q=%25", "q=_", "q='", "state=x", "type=x", "country=XX", "q=" + "9" * 300])
def test_a_search_for_anything_is_a_page(desk, depot, query):
    depot.block()
    assert desk.get(f"{BASE}?{query}").status_code == 200


def test_a_block_is_handed_over_after_a_review(desk, depot, northwind, rows):
    block = depot.block()
    page = words(desk.get(f"{BASE}/blocks/{block}/hand-over?to={northwind.id}"))
    assert "to Northwind Telecom?" in page and "It holds 4 numbers." in page and "No money moves now." in page
    assert desk.send(f"{BASE}/blocks/{block}/hand-over", {"to": str(northwind.id)}).status_code == 303
    page = words(desk.get(f"{BASE}/blocks/{block}"))
    assert "On its way" in page and "0 of 4 numbers" in page
    jobs.run_due()
    page = words(desk.get(f"{BASE}/blocks/{block}"))
    assert "Handed over" in page and "Handed to Northwind Telecom" in page
    assert len(numbers_with(northwind)) == 4
    assert "+44 20 7946 0000" in words(desk.get(f"{BASE}?state=free"))
    assert "No number fits" in words(desk.get(f"{BASE}?state=stock"))
    assert desk.send(f"{BASE}/blocks/{block}/hand-over", {"to": str(northwind.id)}).status_code == 409
    assert desk.get(f"{BASE}/blocks/{block}/hand-over?to={northwind.id}").status_code == 409


def test_a_white_label_without_the_price_gets_no_block_and_the_page_says_why(desk, depot, northwind, rows):
    with transaction(depot.id) as db:
        from portal.operator.commands import NewService, add_service

        add_service(db, NewService("gold", "Gold number", "", 0, 0, 0, counts="numbers"), by=depot.by)
    block = depot.taken("number,price_class\n+442079460001,gold\n").block_id
    page = words(desk.get(f"{BASE}/blocks/{block}/hand-over?to={northwind.id}"))
    assert "Northwind Telecom has no service that counts numbers with the code gold" in page
    assert desk.send(f"{BASE}/blocks/{block}/hand-over", {"to": str(northwind.id)}).status_code == 409
    assert rows(NumberBlock)[0].holder_id is None and not numbers_with(northwind)


@pytest.mark.parametrize("to", ["", "x", "00000000-0000-0000-0000-000000000000"])
def test_nobody_gets_a_block_that_is_no_white_label(desk, depot, to):
    block = depot.block()
    assert desk.get(f"{BASE}/blocks/{block}/hand-over?to={to}").status_code in (400, 404)
    assert desk.send(f"{BASE}/blocks/{block}/hand-over", {"to": to}).status_code in (400, 404)
    assert desk.send(f"{BASE}/blocks/{block}/hand-over", {"to": str(depot.id)}).status_code == 404


def test_a_block_comes_back_when_all_its_numbers_are_free(desk, depot, northwind):
    block = depot.block()
    depot.hand(block, northwind)
    jobs.run_due()
    with transaction(northwind.id) as db:
        account = active(db, customer(db, northwind.plans["desk"]))
        first = db.scalars(select(Number).order_by(Number.e164)).first()
        first.state, first.account_id = NumberState.ASSIGNED, account.id
    page = words(desk.get(f"{BASE}/blocks/{block}/return"))
    assert "1 of its numbers is not free with Northwind Telecom" in page
    answer = desk.send(f"{BASE}/blocks/{block}/return")
    assert answer.status_code == 409 and len(numbers_with(northwind)) == 4
    page = words(desk.get(BASE))
    assert "Northwind Telecom 4 3 0 1 0" in page
    with transaction(northwind.id) as db:
        db.execute(update(Number).values(state="free", account_id=None))
    assert "Take “file.csv” back from Northwind Telecom?" in words(desk.get(f"{BASE}/blocks/{block}/return"))
    assert desk.send(f"{BASE}/blocks/{block}/return").status_code == 303
    jobs.run_due()
    assert not numbers_with(northwind)
    assert "In stock" in words(desk.get(f"{BASE}/blocks/{block}"))
    for again in (desk.get(f"{BASE}/blocks/{block}/return"), desk.send(f"{BASE}/blocks/{block}/return")):
        assert again.status_code == 409 and "This block is in stock already" in words(again)
    assert desk.send(f"{BASE}/blocks/{depot.id}/return").status_code == 404


def test_every_act_leaves_a_trace(desk, depot, northwind):
    place = send_file(desk, "number\n+442079460001\n").location
    jobs.run_due()
    desk.send(f"{place}/confirmation")
    jobs.run_due()
    with reading(depot.id) as db:
        block = db.scalars(select(NumberBlock)).one().id
    desk.send(f"{BASE}/blocks/{block}/hand-over", {"to": str(northwind.id)})
    jobs.run_due()
    desk.send(f"{BASE}/blocks/{block}/return")
    jobs.run_due()
    place = send_file(desk, "number\n+442079460002\n").location
    jobs.run_due()
    desk.send(f"{place}/removal")
    with reading(PLATFORM) as db:
        found = db.execute(select(AuditRow.action, AuditRow.actor_name, AuditRow.white_label_id).order_by(AuditRow.at))
        acts = [(action, name, tenant) for action, name, tenant in found if action.startswith("numbers.")]
    assert {name for _, name, _ in acts} == {"Olga Brandt"}
    of = {who: {action for action, _, tenant in acts if tenant == who} for who in (northwind.id, depot.id)}
    assert of[northwind.id] == {"numbers.received", "numbers.taken-back"}
    assert of[depot.id] == {
        "numbers.import-checked", "numbers.import-confirmed", "numbers.block-made", "numbers.block-handed",
        "numbers.hand-done", "numbers.block-asked-back", "numbers.back-done", "numbers.import-dropped",
    }


def test_the_export_is_a_file_that_can_be_taken_in(desk, depot):
    depot.taken("number,area,type\n+442079460001,=1+1,\n+447700900001,,mobile\n")
    text = desk.get(f"{BASE}/export.csv").text
    assert text.splitlines()[1] == "+442079460001,020 7946 0001,GB,geographic,'=1+1,local,yes,,stock,file.csv"
    again = depot.checked(text)
    assert (again.known, again.malformed) == (2, 0)


def test_a_service_that_counts_numbers_is_a_price_class_and_keeps_that_when_it_is_offered(desk, cast, rows):
    form = {"code": "toll", "name": "Toll-free", "retail": "5", "wholesale": "2", "tax": "20", "kind": "recurring",
            "unit": "number", "per_units": "1", "minimum_units": "0", "counts": "numbers", "reviewed": "yes"}
    wrong = desk.send("/operator/prices/services", {f"service-{k}": v for k, v in {**form, "kind": "one_off"}.items()})
    assert wrong.status_code == 422 and "Numbers are charged each month." in words(wrong)
    assert desk.send("/operator/prices/services", {f"service-{k}": v for k, v in form.items()}).status_code == 303
    from portal.catalogue.models import Service

    listed = rows(Service)[0]
    assert listed.counts_numbers and "Toll-free (toll)" in words(desk.get(f"{BASE}/new"))
    offer = {"offer-white_label": str(cast.northwind.id), "offer-tax": "20"}
    assert desk.send(f"/operator/prices/{listed.id}/offers", offer).status_code == 303
    assert [s.counts for s in rows(Service, white_label_id=cast.northwind.id)] == ["numbers"]


@on_both
def test_signs_that_no_page_takes_harm_their_own_line_alone(desk, depot, rows):
    """Red without `shown` on PostgreSQL: at NUL the job raised DataError, and the file was being checked for ever.

    Red with `splitlines` in `_read`: the page answered 500 for what had been kept with such signs.
    """
    lines = [line for sign in ("\0", "\u2028", "\x0c", "\x1c", "\x85")
             for line in (f"020 7946 0001,G{sign}B,", f"+442079460002,,lo{sign}cal")]
    made = depot.checked("\n".join(["number,country,price_class", *lines, "+442079460003,GB,local"]))
    assert (made.state, made.malformed, made.added) == ("checked", 10, 1)
    assert all(why.isprintable() for *_, why in depot.fates(made))
    page = words(desk.get(f"{BASE}/imports/{made.id}"))
    assert "There is no country with the code G\ufffdB." in page and "has the code lo\ufffdcal." in page
    with transaction(depot.id) as db:
        kept = db.scalars(select(ImportFates)).one()
        kept.content = kept.content.replace("G\ufffdB", "G\u2028B").replace("lo\ufffdcal", "lo\x1c\x0c\x85cal")
    answer = desk.get(f"{BASE}/imports/{made.id}")
    assert answer.status_code == 200 and "G\u2028B" in answer.text


def test_without_a_price_class_the_page_says_what_to_do_first(desk):
    assert "There is no price class yet" in words(desk.get(f"{BASE}/new"))
    assert "No numbers yet" in words(desk.get(BASE)) and desk.get(f"{BASE}/blocks").status_code == 200


def test_what_is_not_there_is_not_found(desk, depot):
    nobody = "00000000-0000-7000-8000-000000000001"
    for path in (f"imports/{nobody}", f"imports/{nobody}/fates.csv", f"blocks/{nobody}", f"blocks/{nobody}/return",
                 f"blocks/{nobody}/hand-over?to={depot.cast.northwind.id}"):
        assert desk.get(f"{BASE}/{path}").status_code == 404, path
