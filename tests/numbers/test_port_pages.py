"""Port-ins and emergency addresses on the pages: from the customer to the operator's desk and back."""

import io
import re

import pytest
from sqlalchemy import select

from portal.accounts.models import Account, Membership
from portal.audit.commands import COMMAND_LINE
from portal.kit.clock import now
from portal.kit.db import reading, transaction
from portal.numbers.models import EmergencyAddress, PortDocument, PortRequest
from portal.numbers.porting import accept
from portal.verify import verify
from tests.accounts.making import OPTION_2, customer
from tests.cast import on_sqlite
from tests.numbers.making import give, in_stock, number, port, price_class
from tests.numbers.test_pages import Street
from tests.signup.browsing import words
from tests.uploads import multipart

FORM = {"country": "GB", "numbers": "020 7946 0123\n+44 20 7946 0124, 020 7946 0123",
        "losing_provider": "Other Telecom", "losing_account": "A-77", "wanted_day": "2026-11-06"}
ADDRESS = {"country": "GB", "line1": "1 Gorse Hill", "city": "Bristol", "postcode": "bs14xy"}


@pytest.fixture
def street(northwind, clock):
    return Street(northwind)


def ask(street, browse, **more):
    base = f"/account/{street.own}/numbers/port-ins"
    answer = browse(street.owner).submit(base, FORM | more)
    return answer, base


def body(token, content):
    return multipart({"csrf_token": token}, "file", "scan.pdf", content)


def the_port(street):
    with reading(street.tenant.id) as db:
        return db.scalars(select(PortRequest)).one()


class TestPortIn:
    def test_from_the_request_to_the_numbers(self, street, browse, cast):
        answer, base = ask(street, browse)
        asked = the_port(street)
        assert answer.location == f"{base}/{asked.id}"
        assert [each["e164"] for each in asked.numbers] == ["+442079460123", "+442079460124"]
        own, desk = browse(street.owner), f"/operator/white-labels/{street.tenant.id}/port-ins/{asked.id}"
        paper = {"file": (io.BytesIO(b"%PDF-1.7 yes"), "loa.pdf")}
        assert own.submit(f"{base}/{asked.id}/documents", paper, page=f"{base}/{asked.id}").status_code == 303
        olga = browse(cast.olga)
        assert "P-0001" in words(olga.get("/operator/port-ins")) and "loa.pdf" in words(olga.get(desk))
        form = {"accept-price_class": "geo"}
        assert olga.submit(f"{desk}/acceptance", form, page=desk).status_code == 303
        assert "Charged as Local number" in words(own.get(f"{base}/{asked.id}"))
        assert olga.submit(f"{desk}/day", {"day-day": "2026-11-09"}, page=desk).status_code == 303
        assert "9 November 2026" in words(own.get(f"{base}/{asked.id}"))
        early = olga.get(desk)
        assert "The numbers move on 9 November 2026" in words(early) and f"{desk}/completion" not in early.text
        assert olga.submit(f"{desk}/completion", page=desk).status_code == 409
        assert olga.submit(f"{desk}/day", {"day-day": "2026-11-01"}, page=desk).status_code == 422
        assert olga.submit(f"{desk}/day", {"day-day": "2026-11-02"}, page=desk).status_code == 303
        assert olga.submit(f"{desk}/completion", page=desk).status_code == 303
        over = words(own.get(f"{base}/{asked.id}"))
        assert "The numbers are here" in over and "wants to see" not in over
        page = words(own.get(f"/account/{street.own}/numbers"))
        assert "+44 20 7946 0123" in page and "+44 20 7946 0124" in page
        assert street.charged(street.own) == 2 * 840
        assert [words for finding in verify() for words in finding.differences] == []

    @on_sqlite
    def test_what_each_number_will_cost_is_said_to_its_payer_before_it_is_charged(self, street, browse, cast, bob):
        """Red without the price's rows: the customer was debited without ever having read a sum."""
        _, base = ask(street, browse)
        asked, own, olga = the_port(street), browse(street.owner), browse(cast.olga)
        desk, mine = f"/operator/white-labels/{street.tenant.id}/port-ins/{asked.id}", f"{base}/{asked.id}"
        assert "Price The price class decides it, which the operator chooses" in words(own.get(mine))
        olga.submit(f"{desk}/acceptance", {"accept-price_class": "geo"}, page=desk)
        said = "Charged as Local number Price of each £2.00 a month and VAT Set-up of each £5.00 and VAT, once"
        assert said in words(own.get(mine))
        assert said in words(browse(bob).get(mine.replace("/account/", "/customers/")))
        assert "£" not in words(olga.get(desk))

    @on_sqlite
    def test_the_white_label_reads_wholesale_where_it_pays(self, street, browse, bob):
        with transaction(street.tenant.id) as db:
            asked = port(db, db.load(Account, street.run), "+442079460124")
            accept(db, asked, price_class="geo", needs_address=False, by=COMMAND_LINE)
        path = f"/customers/{street.run}/numbers/port-ins/{asked.id}"
        assert "Price £1.00 a month and VAT Set-up £3.00 and VAT, once" in words(browse(bob).get(path))
        assert browse(street.guest).get(path.replace("/customers/", "/account/")).status_code == 403

    def test_another_white_labels_request_keeps_nobody_out_and_the_operator_decides(self, street, browse, cast, kauri):
        """Red when an open request of any white label refuses: whoever asked first, without a paper, kept the owner
        out, who was told of it. Red at the desk without `rivals_of`, or with it in the tenant's own scope."""
        with transaction(kauri.id) as db:
            theirs = port(db, customer(db, kauri.plans["courtesy"], OPTION_2, name="Squat"), "+442079460123").id
            price_class(db)
        answer, _ = ask(street, browse)
        assert answer.status_code == 303
        asked, olga = the_port(street), browse(cast.olga)
        mine = f"/operator/white-labels/{street.tenant.id}/port-ins/{asked.id}"
        other = f"/operator/white-labels/{kauri.id}/port-ins/{theirs}"
        page, named = olga.get(mine), "Others ask for the same numbers"
        assert named in words(page) and f'href="{other}"' in page.text
        assert "Squat, account" in words(page) and "+44 20 7946 0123 2 November" in words(page)
        assert f'href="{mine}"' in olga.get(other).text
        assert re.findall(r'<a href="([^"]*)" aria-current="page"', page.text) == ["/operator/port-ins"]
        for desk in (mine, other):
            olga.submit(f"{desk}/acceptance", {"accept-price_class": "geo"}, page=desk)
            olga.submit(f"{desk}/day", {"day-day": "2026-11-02"}, page=desk)
        assert olga.submit(f"{mine}/completion", page=mine).status_code == 303
        assert named not in words(olga.get(other)) and named not in words(olga.get(mine))
        late = olga.get(other)
        assert "Not to be completed yet" in words(late) and f'action="{other}/completion"' not in late.text
        assert olga.submit(f"{other}/completion", page=other).status_code == 409
        with reading(kauri.id) as db:
            assert db.load(PortRequest, theirs).state == "scheduled"

    def test_the_own_white_labels_other_request_is_said(self, street, browse):
        with transaction(street.tenant.id) as db:
            port(db, db.load(Account, street.run), "+442079460124")
        answer, _ = ask(street, browse)
        assert answer.status_code == 422 and "+44 20 7946 0124 is asked for by another request." in words(answer)

    def test_rejected_corrected_sent_again_and_cancelled(self, street, browse, cast):
        _, base = ask(street, browse)
        asked, own, olga = the_port(street), browse(street.owner), browse(cast.olga)
        desk, mine = f"/operator/white-labels/{street.tenant.id}/port-ins/{asked.id}", f"{base}/{asked.id}"
        assert olga.submit(f"{desk}/rejection", {"reject-reason": ""}, page=desk).status_code == 422
        olga.submit(f"{desk}/rejection", {"reject-reason": "Another name on the bill"}, page=desk)
        assert "Another name on the bill" in words(own.get(mine))
        assert own.submit(f"{mine}/again", FORM | {"losing_account": "B-1"}).status_code == 303
        assert the_port(street).losing_account == "B-1"
        assert own.submit(f"{mine}/cancellation", page=mine).status_code == 303
        assert own.submit(f"{mine}/cancellation", page="/password/change").status_code == 409
        assert own.get(f"{mine}/again").status_code == 409

    @on_sqlite
    @pytest.mark.parametrize(("wrong", "says"), [
        ({"numbers": ""}, "one a line"), ({"numbers": "12"}, "too few digits"),
        ({"numbers": "x\n020 7946 0123"}, "“x”"),
        ({"numbers": "\n".join(f"020 7946 {n:04d}" for n in range(101))}, "at most 100"),
        ({"numbers": "0" * 7000}, "at most 100"), ({"country": "XX"}, "Not a valid choice"),
        ({"losing_provider": " "}, "Write the provider"), ({"wanted_day": "2026-11-03"}, "working days"),
        ({"wanted_day": "2028-01-01"}, "within a year"), ({"wanted_day": "yesterday"}, "Not a valid date"),
        ({"wanted_day": ""}, "Choose a day"), ({"losing_account": "a\u2028b"}, "line breaks"),
    ])
    def test_what_is_wrong_is_said_beside_the_field(self, street, browse, wrong, says):
        answer, _ = ask(street, browse, **wrong)
        assert answer.status_code == 422 and says in words(answer)
        with reading(street.tenant.id) as db:
            assert db.scalars(select(PortRequest)).all() == []

    @on_sqlite
    @pytest.mark.parametrize("has", ["kauri", None])
    def test_what_others_have_is_told_to_the_operator_alone(self, street, browse, cast, has):
        """Red when the whole stock refuses: one white label could ask what another has, number by number."""
        in_stock(cast, "+442079460123", holder_id=cast.kauri.id if has else None)
        if has:
            with transaction(cast.kauri.id) as db:
                theirs = customer(db, cast.kauri.plans["courtesy"], OPTION_2, name="Acme")
                number(db, e164="+442079460123", state="assigned", account_id=theirs.id, assigned_at=now())
        answer, base = ask(street, browse)
        asked = the_port(street)
        assert answer.location == f"{base}/{asked.id}"
        own = words(browse(street.owner).get(answer.location))
        assert "stock" not in own and "Kauri" not in own and "Acme" not in own
        olga, desk = browse(cast.olga), f"/operator/white-labels/{street.tenant.id}/port-ins/{asked.id}"
        said = "Its account has to release it first" if has else "The stock Nobody uses it"
        page = words(olga.get(desk))
        assert "This number is in the stock already" in page and said in page
        assert (": Acme, account" in page) is bool(has)
        olga.submit(f"{desk}/acceptance", {"accept-price_class": "geo"}, page=desk)
        olga.submit(f"{desk}/day", {"day-day": "2026-11-02"}, page=desk)
        refused = olga.submit(f"{desk}/completion", page=desk)
        assert refused.status_code == 409 and "cannot come in a second time" in words(refused)
        assert f'href="{desk}"' in refused.text and the_port(street).state == "scheduled"

    def test_a_number_that_is_here_already(self, street, browse):
        answer, _ = ask(street, browse, numbers="0113 496 0000")
        assert answer.status_code == 422 and "is here already" in words(answer)

    def test_the_papers_are_read_by_both_sides_and_the_operator_and_only_downloaded(self, street, browse, bob, cast):
        _, base = ask(street, browse)
        asked = the_port(street)
        browse(street.owner).submit(
            f"{base}/{asked.id}/documents", {"file": (io.BytesIO(b"%PDF-1.7 <script>"), 'a".html')},
            page=f"{base}/{asked.id}")
        with reading(street.tenant.id) as db:
            paper = db.scalars(select(PortDocument.id)).one()
        below = f"{asked.id}/documents/{paper}"
        for who, path in ((street.owner, f"{base}/{below}"), (bob, f"/customers/{street.own}/numbers/port-ins/{below}"),
                          (cast.olga, f"/operator/white-labels/{street.tenant.id}/port-ins/{below}")):
            answer = browse(who).get(path)
            assert answer.status_code == 200 and answer.data == b"%PDF-1.7 <script>"
            assert answer.headers["Content-Disposition"] == "attachment; filename=a.pdf"
            assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.mimetype == "application/pdf"
        assert browse(street.guest).get(f"{base}/{below}").status_code == 404
        other = f"/customers/{street.run}/numbers/port-ins/{below}"
        assert browse(bob).get(other).status_code == 404
        wrong = f"/operator/white-labels/{cast.kauri.id}/port-ins/{below}"
        assert browse(cast.olga).get(wrong).status_code == 404

    def test_uploads_are_large_where_papers_are_taken_and_nowhere_else(self, street, browse):
        """Red without `_allow_a_long_file`: a scan of two megabytes is a 413."""
        _, base = ask(street, browse)
        path, own = f"{base}/{the_port(street).id}", browse(street.owner)
        for size, expected in ((2_000_000, 303), (5_500_000, 422), (8_000_000, 413)):
            sent = own.post(f"{path}/documents", **body(own.token(path), b"%PDF-" + b"x" * size))
            assert sent.status_code == expected
        assert own.submit(f"{path}/cancellation", {"x": "y" * (2 * 1024 * 1024)}, page=path).status_code == 413
        for paper in ({}, {"file": (io.BytesIO(b"<html>"), "a.pdf")}):
            answer = own.submit(f"{path}/documents", {"x": "y", **paper}, page=path)
            assert answer.status_code == 422 and "field-error" in answer.text

    def test_who_does_not_choose_the_numbers_reads_no_request(self, street, browse, bob):
        with transaction(street.tenant.id) as db:
            asked = port(db, db.load(Account, street.run)).id
        mine = f"/account/{street.run}/numbers/port-ins/{asked}"
        assert browse(street.guest).get(mine).status_code == 403
        assert "P-0001" not in browse(street.guest).get(f"/account/{street.run}/numbers").text
        assert "P-0001" in browse(bob).get(f"/customers/{street.run}/numbers").text


class TestEmergency:
    @pytest.fixture
    def flat(self, street):
        """A number of the Option 1 customer that needs an address."""
        with transaction(street.tenant.id) as db:
            (one,) = give(db, db.load(Account, street.own), number(db, 77, needs_address=True))
            return one.id

    def address(self, street, flat):
        with reading(street.tenant.id) as db:
            return db.get(EmergencyAddress, (street.tenant.id, flat))

    def test_entered_validated_registered(self, street, browse, cast, flat):
        own, path = browse(street.owner), f"/account/{street.own}/numbers/{flat}"
        page = words(own.get(path))
        assert "Address missing" in page and "Not entered Not so: " not in page and "Not registered" in page
        assert 'value="1 High Street"' in own.get(f"{path}/emergency").text
        answer = own.submit(f"{path}/emergency", ADDRESS | {"postcode": "nonsense"})
        assert answer.status_code == 422 and "Postcode: Write one such as" in words(answer)
        assert "Address missing" in words(own.get(path))
        own.submit(f"{path}/emergency", ADDRESS)
        page = words(own.get(path))
        assert "Works" in page and "Validated on 2 Nov 2026" in page and "waits for the provider to confirm it" in page
        olga, desk = browse(cast.olga), f"/operator/white-labels/{street.tenant.id}/emergency/{flat}"
        assert "1 Gorse Hill, Bristol BS1 4XY" in words(olga.get("/operator/emergency"))
        entered = re.search(r'name="register-entered"[^>]*value="([^"]+)"', olga.get(desk).text)[1]
        form = {"register-entered": entered, "register-reference": "R-1"}
        assert olga.submit(f"{desk}/registration", form, page=desk).status_code == 303
        assert "Registered on 2 Nov 2026, reference R-1" in words(own.get(path))
        assert "No address waits" in words(olga.get("/operator/emergency"))

    def test_refused_with_a_reason(self, street, browse, cast, flat, bob):
        path = f"/customers/{street.own}/numbers/{flat}"
        desk = f"/operator/white-labels/{street.tenant.id}/emergency/{flat}"
        browse(bob).submit(f"{path}/emergency", ADDRESS)
        olga, entered = browse(cast.olga), self.address(street, flat).entered_at.isoformat()
        stale = {"refuse-entered": "2020-01-01T00:00:00+00:00", "refuse-reason": "No such street"}
        assert olga.submit(f"{desk}/refusal", stale, page=desk).status_code == 409
        form = {"refuse-entered": entered, "refuse-reason": "No such street"}
        assert olga.submit(f"{desk}/refusal", form, page=desk).status_code == 303
        page = words(browse(bob).get(path))
        assert "Not validated. No such street" in page and "Address not valid" in page

    def test_the_fields_follow_the_country_and_nothing_is_kept_meanwhile(self, street, browse, flat):
        path = f"/account/{street.own}/numbers/{flat}/emergency"
        answer = browse(street.owner).submit(path, ADDRESS | {"country": "US", "country_chosen": "1"})
        assert "ZIP code" in answer.text and self.address(street, flat) is None

    @on_sqlite
    @pytest.mark.parametrize("wrong", [{"line1": ""}, {"line1": "x" * 121}, {"country": "XX"}, {"city": "a\u2028b"}])
    def test_what_is_no_address_at_all(self, street, browse, flat, wrong):
        path = f"/account/{street.own}/numbers/{flat}/emergency"
        answer = browse(street.owner).submit(path, ADDRESS | wrong)
        assert answer.status_code == 422 and "field-error" in answer.text and self.address(street, flat) is None

    def test_standard_users_read_and_do_not_write(self, street, browse, flat):
        with transaction(street.tenant.id) as db:
            db.scalars(select(Membership).where(Membership.user_id == street.owner.id)).one().role = "standard"
        own, path = browse(street.owner), f"/account/{street.own}/numbers/{flat}"
        assert own.get(path).status_code == 200 and own.get(f"{path}/emergency").status_code == 403
        assert own.submit(f"{path}/emergency", ADDRESS, page="/password/change").status_code == 403
        assert self.address(street, flat) is None
