"""Files of numbers: whatever is in one is read or refused, line by line, and no line harms another."""

import io
from collections import Counter

import pytest
from hypothesis import given, settings as hypothesis_settings, strategies as st

from portal.numbers.e164 import NotANumber
from portal.numbers.stock_file import COLUMNS, NotANumberFile, Reader, Terms, read_lines, written_lines
from tests.numbers.conftest import TERMS

LONDON = "+442079460001"


def read(content, terms=TERMS):
    """What each line is read as: a row, or the reason why not."""
    reader, found = Reader(terms), {}
    for line in read_lines(io.BytesIO(content if isinstance(content, bytes) else content.encode())):
        try:
            found[line.number] = reader.read(line)
        except NotANumber as wrong:
            found[line.number] = str(wrong)
    return found


@pytest.mark.parametrize(
    "content",
    [
        f"number\n{LONDON}\n", f"\ufeffnumber\r\n{LONDON}\r\n", f"number\r{LONDON}\r", f"Number,Area\n{LONDON},\n",
        f"sep=;\nnumber;area\n{LONDON};\n", f"number\tarea\n{LONDON}\t\n", f'"number","area"\n"{LONDON}",""\n',
        f"area, number \n,'{LONDON}\n", f"\n\nnumber\n\n{LONDON}", "number,country\n020 7946 0001,gb\n",
        "number;country\n442079460001;GB\n", "number,national,holder,state,block\n+442079460001,x,x,x,x\n",
    ],
)
def test_usual_files_are_read(content):
    (row,) = read(content).values()
    assert row == (LONDON, "geographic", "GB", "London", "local", True)


def test_a_line_says_what_differs():
    content = (
        ",".join(COLUMNS) + "\n0808 157 0001,GB,,Toll-free,,yes\n07700 900001,GB,,mobile,Films,1\n"
        f"{LONDON},,local,other,Zürich,no\n"
    )
    assert list(read(content).values()) == [
        ("+448081570001", "toll_free", "GB", "", "local", True),
        ("+447700900001", "mobile", "GB", "Films", "local", True),
        (LONDON, "other", "GB", "Zürich", "local", False),
    ]


@pytest.mark.parametrize(
    "line, why",
    [
        (b"rubbish,,,,,", "Write digits"), (b"+4420,,,,,", "too few"), (b"07700 900001,GB,,,,", "Say its type"),
        (b"+442079460001,,gold,,,", "has the code gold"), (b"+442079460001,,,rotary,,", "The type is"),
        (b"+442079460001,,,,,perhaps", "yes or no"), (b"+442079460001,,,,a\x07b,", "cannot be shown"),
        (b"+442079460001,,,," + b"x" * 61 + b",", "more than 60"), (b"+442079460001,XX,,,,", "no country"),
        (b"+442079460001,,,,Z\xfcrich,", "not in UTF-8"), (b"+442079460001", "It has 1 value, and"),
        (b"+442079460001,,,,,,", "It has 7 values"), (b'"+442079460001,,,,,', "quotation marks"),
        (b"+442079460001\x00,,,,,", "Write digits"), (b"4.4E+11,,,,,", "spreadsheet"), (b"1" * 3000, "too long"),
        (b"=cmd|' /C calc'!A0,,,,,", "Write digits"), (b",GB,,,,", "There is no number"),
    ],
)
def test_a_bad_line_is_refused_with_the_reason_and_harms_no_other(line, why):
    good = f"{LONDON},,,,,".encode()
    found = read(b"\n".join([",".join(COLUMNS).encode(), good, line, good]))
    assert list(found) == [2, 3, 4] and found[2] == found[4] and found[2][0] == LONDON
    assert isinstance(found[3], str) and why in found[3]


@pytest.mark.parametrize(
    "content, why",
    [(b"", "has to name"), (b"\n \n", "has to name"), (b"number,number\n", "twice"), (b"number,,x\n", "no column"),
     (b"\xff\xfen\x00", "UTF-16"), (b"PK\x03\x04", "workbook"), (b"+442079460001\n", "has to name"),
     (b'number,"x\n', "cannot be read as CSV"), (b"n\xfcmber\n", "has to name")],
)
def test_what_is_no_file_of_numbers_is_refused_as_a_whole(content, why):
    with pytest.raises(NotANumberFile, match=why):
        read_lines(io.BytesIO(content))


def test_without_a_price_class_a_line_has_to_name_one():
    (why,) = read(f"number\n{LONDON}\n", Terms("", frozenset({"local"}))).values()
    assert why == "It has no price class."


LINES = st.one_of(
    st.binary(max_size=60), st.text(max_size=60).map(lambda t: t.encode("utf-8", "surrogatepass")),
    st.sampled_from([LONDON.encode(), b'"', b"020 7946 0001,GB", b"\x00", b"\xff", b"1e400", b"-1"]),
)


@hypothesis_settings(max_examples=300, deadline=None)
@given(st.lists(LINES, max_size=12), st.sampled_from([b"number", b"number,country", b"number;area;type", b"x", b""]))
def test_whatever_is_in_a_file_it_is_read_or_refused(lines, head):
    """Red with an error that is neither, when lines are decoded strictly or read by one reader across line ends."""
    try:
        found = read(b"\n".join([head, *lines]))
    except NotANumberFile as refused:
        assert str(refused).endswith((".", "”."))
        return
    kinds = Counter(type(row).__name__ for row in found.values())
    assert set(kinds) <= {"str", "StockRow"}
    assert all(row for row in found.values())


def test_a_range_is_written_as_a_file():
    assert list(read(written_lines([LONDON, "+442079460002"])).values())[1][0] == "+442079460002"


def noted(content, **terms):
    reader = Reader(Terms("local", frozenset({"local"}), **terms))
    return [reader.judged(line)[1] for line in read_lines(io.BytesIO(content.encode()))]


def test_a_line_that_goes_against_the_numbering_plans_is_taken_and_says_so():
    """Red when only what is not listed is looked at: a slip in the type or the country passed without a word."""
    mobile = "It is taken as mobile; by its numbering plan it is geographic."
    abroad = "It is of United States, not of United Kingdom."
    assert noted("number,type\n0113 496 0000,mobile\n0113 234 5678,mobile\n", country="GB")[1] == mobile
    assert noted("number\n+1 212 456 7890\n", country="GB", kind="mobile") == [abroad]
    assert noted("number,country\n+12124567890,GB\n+442079460001,GB\n+442079460001,001\n+80012345678,001\n") == [
        abroad, "", "It is of United Kingdom, not of International.", ""]
    assert noted("number,country,type\n+1 212 456 7890,GB,toll free\n") == [
        f"{abroad} It is taken as toll-free; by its numbering plan it is geographic."]


def test_where_the_plan_leaves_it_open_nothing_is_noted():
    """Numbers of North America may be either, and one that no plan lists is whatever its line says."""
    assert noted("number,type\n+12124567890,mobile\n+12124567890,geographic\n+447700900001,mobile\n") == [""] * 3
