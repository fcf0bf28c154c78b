"""`portal white-label tax`: the tax on a white label's wholesale, without a page."""

from datetime import UTC, date, datetime

import pytest
from click.testing import CliRunner

from portal import cli
from portal.audit.models import AuditRow
from portal.catalogue.models import TaxRate
from portal.kit.db import PLATFORM, reading
from tests.cast import on_sqlite
from tests.commandline.conftest import refused_in_one_line

pytestmark = on_sqlite


@pytest.fixture
def tax(cast, monkeypatch, clock):
    monkeypatch.setattr(cli, "_house", lambda: None)
    return lambda *words: CliRunner().invoke(
        cli.main, ["white-label", "tax", "--host", "Northwind.localhost", *words])


def rates():
    with reading(PLATFORM) as db:
        return [(row.side, row.valid_from, row.rate_ppm, row.set_by) for row in db.query(TaxRate)]


def test_it_is_shown_set_replaced_and_taken_back(tax):
    assert tax().output == "20% VAT from the opening, holds today\n"
    done = tax("--rate", "21", "--from", "2026-12-01")
    assert (done.exit_code, done.output) == (
        0, "Northwind Telecom pays 21% VAT on wholesale from 1 December 2026.\n")
    assert tax("--rate", "21.5", "--from", "2026-12-01").exit_code == 0
    assert rates() == [("wholesale", date(2026, 12, 1), 215_000, "The command line")]
    assert tax().output == (
        "21.5% VAT from 1 Dec 2026 (The command line)\n20% VAT from the opening until 30 Nov 2026, holds today\n")
    assert tax("--withdraw", "2026-12-01").output == (
        "The rate of Northwind Telecom from 1 December 2026 is withdrawn.\n")
    assert rates() == []
    with reading(PLATFORM) as db:
        assert {row.actor_kind for row in db.query(AuditRow) if row.action.startswith("tax-rate")} == {"command_line"}


@pytest.mark.parametrize(("words", "said"), [
    (("--rate", "21"), "Give --rate and --from together, --withdraw alone, or none of them."),
    (("--from", "2026-12-01"), "Give --rate and --from together, --withdraw alone, or none of them."),
    (("--rate", "21", "--from", "2026-12-01", "--withdraw", "2026-12-01"),
     "Give --rate and --from together, --withdraw alone, or none of them."),
    (("--rate", "21", "--from", "2026-11-02"), "Choose tomorrow or a later day."),
    (("--rate", "101", "--from", "2026-12-01"),
     "Write a rate between 0 and 100 with at most four decimal places."),
    (("--rate", "1e1", "--from", "2026-12-01"), "Write a rate in per cent, in figures such as 20 or 8.875."),
    (("--rate", "21", "--from", "9999-01-01"), "Choose a day of this century or the next."),
    (("--withdraw", "2026-12-01"), "No rate of Northwind Telecom begins on 1 December 2026."),
    (("--host", "nowhere.localhost"), "No white label has the host nowhere.localhost."),
    (("--host", "operator.localhost"), "No white label has the host operator.localhost."),
])
def test_what_is_refused_is_said_in_one_line_and_changes_nothing(tax, words, said):
    assert refused_in_one_line(tax(*words)) == said
    assert rates() == []


def test_one_that_began_stays(tax, clock):
    tax("--rate", "21", "--from", "2026-12-01")
    clock.moment = datetime(2026, 12, 1, 9, tzinfo=UTC)
    assert refused_in_one_line(tax("--withdraw", "2026-12-01")) == "Choose tomorrow or a later day."
    assert "21% VAT from 1 Dec 2026 (The command line), holds today" in tax().output
