"""What is wanted of numbers that are on their way is kept with their request, and done when they arrive, as far as
it still fits."""

import re
from datetime import date

import pytest
from sqlalchemy import select

from portal.accounts.commands import Place
from portal.accounts.models import Account, Membership
from portal.accounts.queries import held_customer_or_404, primary_user
from portal.audit.commands import COMMAND_LINE, Actor
from portal.kit.db import reading, transaction
from portal.kit.refusals import NotFound
from portal.letters.models import Letter
from portal.numbers import flows
from portal.numbers.destinations import Wanted
from portal.numbers.emergency import WrongAddress
from portal.numbers.models import EmergencyAddress, Number, PortRequest
from portal.numbers.porting import PortMoved, accept, acts_on_port, cancel, reject, schedule, submit, submit_again
from portal.numbers.preparing import PreparedMeanwhile, Wish, prepare, seen_at, wish_of
from portal.pbx import queries, routing
from portal.pbx.commands import add
from portal.pbx.configuration import Extension, Forwarding, Kind, Place as At, Target
from portal.verify import verify
from tests.accounts.making import OPTION_1, active, customer, pay
from tests.cast import on_sqlite
from tests.numbers.making import BRISTOL, new_port, port, price_class
from tests.numbers.test_pages import Street
from tests.signup.browsing import value, words

ONE, TWO = "+442079460123", "+442079460124"


@pytest.fixture
def office(northwind, clock):
    """A customer with one extension, who asked for two numbers; its row's id, the request's and its person."""
    routing.listen()
    with transaction(northwind.id) as db:
        price_class(db)
        own = active(db, customer(db, northwind.plans["courtesy"], OPTION_1))
        pay(db, own, 5000)
        user = primary_user(db, own.id)
        add(db, own, {At("extensions", "101"): Extension(number="101", name="Desk")}, by=COMMAND_LINE)
        by = Actor("user", user.id, user.display_name)
        return own.id, submit(db, own, new_port(ONE, TWO), by=by).id, user


def _prepare(tenant, office, wishes):
    own_id, port_id, user = office
    with transaction(tenant.id) as db:
        asked = db.load(PortRequest, port_id)
        by = Actor("user", user.id, user.display_name)
        prepare(db, db.load(Account, own_id), asked, wishes, seen=seen_at(db, asked), by=by)


def _arrive(cast, tenant, office, *, needs_address=True):
    with transaction(tenant.id) as db:
        asked = db.load(PortRequest, office[1])
        accept(db, asked, price_class="geo", needs_address=needs_address, by=COMMAND_LINE)
        schedule(db, asked, date(2026, 11, 2), by=COMMAND_LINE)
    flows.complete_port(tenant.id, office[1], by=cast.olga.actor)


def _left_out(db, port_id):
    """What the timeline and the letter say was left out; the two are one."""
    told = acts_on_port(db, db.load(PortRequest, port_id))[-1].details.get("left_out", [])
    letter = [x for x in db.scalars(select(Letter).where(Letter.name == "port-in")) if x.facts["state"] == "completed"]
    assert [x.facts["left_out"] for x in letter] == [told]
    return told


def test_all_of_it_is_done_with_the_arrival_in_the_name_of_whoever_said_it(cast, northwind, office):
    """Red without `carry_out`."""
    own_id, port_id, user = office
    _prepare(northwind, office, {ONE: Wish(Wanted("extension:101"), user.id, BRISTOL), TWO: Wish(place=BRISTOL)})
    _arrive(cast, northwind, office)
    with reading(northwind.id) as db:
        numbers = db.scalars(select(Number).order_by(Number.e164)).all()
        assert [number.user_id for number in numbers] == [user.id, None]
        addresses = db.scalars(select(EmergencyAddress)).all()
        assert {(x.number_id, x.state, x.entered_by) for x in addresses} == {
            (number.id, "validated", user.display_name) for number in numbers}
        (route,) = queries.newest(db, own_id)[1].numbers
        assert (route.number, route.to.code) == (ONE, "extension:101")
        assert queries.history(db, own_id)[0].by_name == user.display_name
        assert _left_out(db, port_id) == []
    assert [words for finding in verify() for words in finding.differences] == []


@on_sqlite
def test_what_does_not_fit_any_more_is_left_out_and_said_and_stops_nothing(cast, northwind, office, monkeypatch):
    """Red when a destination that is gone is refused, not left out: nothing arrived. The other number's is kept."""
    own_id, port_id, user = office
    _prepare(northwind, office, {ONE: Wish(Wanted("extension:102"), user.id, BRISTOL),
                                 TWO: Wish(Wanted("extension:101"), None, BRISTOL)})
    with transaction(northwind.id) as db:
        db.delete(db.scalars(select(Membership).where(Membership.user_id == user.id)).one())
        asked = db.load(PortRequest, port_id)
        abroad = {**asked.numbers[1]["wish"], "place": {**asked.numbers[1]["wish"]["place"], "country": "FR"}}
        asked.numbers = [asked.numbers[0], {**asked.numbers[1], "wish": abroad}]
    _arrive(cast, northwind, office)
    with reading(northwind.id) as db:
        assert [number.user_id for number in db.scalars(select(Number))] == [None, None]
        assert [route.number for route in queries.newest(db, own_id)[1].numbers] == [TWO]
        assert len(db.scalars(select(EmergencyAddress)).all()) == 1
        one, other, third = _left_out(db, port_id)
        assert one == "+44 20 7946 0123: nobody's in particular. Whose it was to be has left the account."
        assert other.startswith("+44 20 7946 0124: no address for emergency calls yet. The number is of United Kingdom")
        assert third.startswith("+44 20 7946 0123: calls go nowhere yet. This destination is not there any more")
    assert [words for finding in verify() for words in finding.differences] == []


@on_sqlite
def test_only_the_number_that_does_not_fit_is_left_out(cast, northwind, office):
    """A circle that shows at an extension is told of all the numbers. Red while each of them was dropped for it."""
    own_id, port_id, _ = office
    with transaction(northwind.id) as db:
        back = Forwarding(always=Target(kind=Kind.EXTERNAL, to=ONE))
        parts = {At("extensions", n): Extension(number=n, name=n, forwarding=back) for n in ("102", "103")}
        add(db, db.load(Account, own_id), parts, by=COMMAND_LINE)
    _prepare(northwind, office, {ONE: Wish(Wanted("extension:103")), TWO: Wish(Wanted("extension:101"))})
    _arrive(cast, northwind, office)
    with reading(northwind.id) as db:
        assert [route.number for route in queries.newest(db, own_id)[1].numbers] == [TWO]
        (said,) = _left_out(db, port_id)
        assert said.startswith("+44 20 7946 0123: calls go nowhere yet.")


@on_sqlite
def test_numbers_that_need_no_address_get_none_which_is_said(cast, northwind, office):
    """Red while it was dropped in silence: whoever wrote the address thought that help would find it."""
    _prepare(northwind, office, {ONE: Wish(place=BRISTOL)})
    _arrive(cast, northwind, office, needs_address=False)
    with reading(northwind.id) as db:
        assert db.scalars(select(EmergencyAddress)).all() == []
        said = "the address for emergency calls was not kept, because it needs none."
        assert _left_out(db, office[1]) == [f"+44 20 7946 0123: {said}"]


@on_sqlite
class TestWhileItIsOpen:
    def test_what_is_wrong_changes_nothing(self, db, own, run):
        asked = port(db, own, ONE)
        for wish, refusal in (
            (Wish(place=Place("1 Gorse Hill", "Bristol", "FR", postcode="BS1 4XY")), WrongAddress),
            (Wish(user_id=primary_user(db, run.id).id), NotFound),
        ):
            with pytest.raises(refusal):
                prepare(db, own, asked, {ONE: wish}, seen="", by=COMMAND_LINE)
        with pytest.raises(NotFound):
            prepare(db, own, asked, {TWO: Wish()}, seen="", by=COMMAND_LINE)
        assert [act.action for act in acts_on_port(db, asked)] == ["port-in.submitted"]

    def test_it_stays_when_the_request_is_corrected_and_ends_with_it(self, db, own):
        asked, wish = port(db, own, ONE, TWO), Wish(Wanted("outside", "020 7946 0998"), None, BRISTOL)
        for _ in range(2):
            prepare(db, own, asked, {ONE: wish}, seen="", by=COMMAND_LINE)
        assert [act.action for act in acts_on_port(db, asked)] == ["port-in.submitted", "port-in.prepared"]
        reject(db, asked, "x", by=COMMAND_LINE)
        submit_again(db, own, asked, new_port(TWO, ONE), by=COMMAND_LINE)
        assert [wish_of(each) for each in asked.numbers] == [Wish(), wish]
        cancel(db, asked, by=COMMAND_LINE)
        with pytest.raises(PortMoved):
            prepare(db, own, asked, {ONE: Wish()}, seen="", by=COMMAND_LINE)


    def test_another_number_of_the_request_is_no_conflict(self, db, own):
        """Red with one stamp for the whole request: two tabs of one person were in each other's way."""
        asked = port(db, own, ONE, TWO)
        prepare(db, own, asked, {ONE: Wish(place=BRISTOL)}, seen="", by=COMMAND_LINE)
        prepare(db, own, asked, {TWO: Wish(place=BRISTOL)}, seen="", by=COMMAND_LINE)
        with pytest.raises(PreparedMeanwhile):
            prepare(db, own, asked, {TWO: Wish()}, seen="", by=COMMAND_LINE)

    def test_an_address_of_another_country_names_the_number(self, db, own):
        asked = port(db, own, ONE, TWO)
        asked.numbers = [asked.numbers[0], {**asked.numbers[1], "country": "FR"}]
        with pytest.raises(WrongAddress, match=r"^\+44 20 7946 0124: The number is of France"):
            prepare(db, own, asked, {ONE: Wish(place=BRISTOL), TWO: Wish(place=BRISTOL)}, seen="", by=COMMAND_LINE)

    def test_whoever_looked_before_somebody_else_prepared_it_writes_nothing_over(self, db, own):
        """Red without the look at `seen`. Saying the same again is no conflict, as with a second press."""
        asked, mine, theirs = port(db, own, ONE), Wish(place=BRISTOL), Wish(Wanted("outside", "020 7946 0998"))
        prepare(db, own, asked, {ONE: theirs}, seen="", by=COMMAND_LINE)
        with pytest.raises(PreparedMeanwhile):
            prepare(db, own, asked, {ONE: mine}, seen="", by=COMMAND_LINE)
        assert wish_of(asked.numbers[0]) == theirs
        prepare(db, own, asked, {ONE: mine}, seen=seen_at(db, asked), by=COMMAND_LINE)
        assert wish_of(asked.numbers[0]) == mine


@on_sqlite
class TestPages:
    @pytest.fixture
    def street(self, northwind, clock):
        routing.listen()
        return Street(northwind)

    @pytest.fixture
    def asked(self, street):
        with transaction(street.tenant.id) as db:
            return port(db, held_customer_or_404(db, street.own), ONE, TWO).id

    def wishes(self, street, asked):
        with reading(street.tenant.id) as db:
            return [wish_of(each) for each in db.load(PortRequest, asked).numbers]

    def test_said_changed_and_read_on_the_requests_page(self, street, browse, asked, bob):
        own, mine = browse(street.owner), f"/account/{street.own}/numbers/port-ins/{asked}"
        assert "Nothing is prepared" in words(own.get(mine))
        form = {"numbers": [ONE], "country": "GB", "to": "", "to_outside": "020 7946 0998", "user": "",
                "line1": "1 Gorse Hill", "city": "Bristol", "postcode": "bs14xy"}
        assert own.submit(f"{mine}/preparation", form).location == mine
        assert self.wishes(street, asked) == [Wish(Wanted("", "020 7946 0998"), None, BRISTOL), Wish()]
        page = words(own.get(mine))
        assert "+44 20 7946 0998 Emergency calls 1 Gorse Hill, Bristol BS1 4XY" in page and "Prepared for the" in page
        other = mine.replace("/account/", "/customers/")
        assert 'value="1 Gorse Hill"' in browse(bob).get(f"{other}/preparation?number=%2B442079460123").text
        late = {"numbers": [ONE, TWO], "country": "GB"}
        conflict = browse(bob).submit(f"{other}/preparation", late)
        assert conflict.status_code == 409 and "Theirs stands here, yours in the form below" in words(conflict)
        assert "+44 20 7946 0998; Emergency calls: 1 Gorse Hill, Bristol BS1 4XY" in words(conflict)
        shown = re.search(r'name="seen"[^>]*value="([^"]+)"', browse(bob).get(f"{other}/preparation").text)[1]
        assert browse(bob).submit(f"{other}/preparation", late | {"seen": shown}).status_code == 303
        assert self.wishes(street, asked) == [Wish(), Wish()]

    def test_the_form_begins_with_an_address_only_where_help_would_find_it(self, street, browse, asked):
        """Red while numbers of two countries began with the account's own: nothing at all could be saved."""
        own, mine = browse(street.owner), f"/account/{street.own}/numbers/port-ins/{asked}"
        assert value(own.get(f"{mine}/preparation"), "line1")
        with transaction(street.tenant.id) as db:
            port_in = db.load(PortRequest, asked)
            port_in.numbers = [port_in.numbers[0], {**port_in.numbers[1], "country": "NZ"}]
        for path, country in (("preparation", "GB"), ("preparation?number=%2B442079460124", "NZ")):
            page = own.get(f"{mine}/{path}")
            assert (value(page, "line1"), value(page, "country")) == ("", country)
        sent = {"numbers": [ONE, TWO], "country": "GB", "to_outside": "020 7946 0998"}
        assert own.submit(f"{mine}/preparation", sent).status_code == 303

    @pytest.mark.parametrize(("wrong", "says"), [
        ({"numbers": []}, "Choose at least one number"), ({"numbers": ["+442079460999"]}, "is not a valid choice"),
        ({"to": "extension:999"}, "not there any more"), ({"to": "outside"}, "Write the number that"),
        ({"to_outside": "12"}, "too few digits"),
        ({"to_outside": "9" * 60}, "at most 40"), ({"to": "extension:101", "to_outside": "020 7946 0998"}, "not there"),
        ({"user": "x"}, "Not a valid choice"), ({"city": "Bristol"}, "or leave the whole address empty"),
        ({"line1": "1 Gorse Hill"}, "in this country needs it"), ({"line1": "a\u2028b", "city": "x"}, "line breaks"),
        ({"country": "FR", "line1": "1 rue", "city": "Lyon", "postcode": "69001"}, "has to lie there"),
    ])
    def test_what_is_wrong_is_said_beside_its_field(self, street, browse, asked, wrong, says):
        own, mine = browse(street.owner), f"/account/{street.own}/numbers/port-ins/{asked}/preparation"
        answer = own.submit(mine, {"numbers": [ONE, TWO], "country": "GB", **wrong})
        assert answer.status_code == 422 and says in words(answer)
        assert self.wishes(street, asked) == [Wish(), Wish()]

    def test_a_request_that_is_over(self, street, browse, asked):
        with transaction(street.tenant.id) as db:
            cancel(db, db.load(PortRequest, asked), by=COMMAND_LINE)
        own, mine = browse(street.owner), f"/account/{street.own}/numbers/port-ins/{asked}"
        late = own.get(f"{mine}/preparation")
        assert late.status_code == 409 and f'href="{mine}"' in late.text
        assert "Once they are here" not in words(own.get(mine))

    def test_other_people_of_the_white_label_read_nothing(self, street, browse, asked):
        theirs = f"/account/{street.own}/numbers/port-ins/{asked}/preparation"
        assert browse(street.guest).get(theirs).status_code == 404
