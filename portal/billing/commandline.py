"""`portal bill` and `portal usage`: with a progress bar, or a dry run that says what it would do."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import click
from sqlalchemy import func, select

from portal.accounts.models import Account
from portal.billing.models import BillingRun
from portal.billing.run import bill_white_label, foresee, skipped
from portal.billing.usage_file import Report, import_usage
from portal.kit.clock import today
from portal.kit.db import PLATFORM, TenantSession, reading
from portal.kit.refusals import Refusal
from portal.whitelabels.models import WhiteLabel
from portal.whitelabels.queries import white_label_at, white_labels
from portal.whitelabels.words import day, money

LONGEST_VIEW = timedelta(days=3660)


class TooFarAhead(Refusal):
    heading = "This day lies too far ahead"
    text = "A dry run looks ten years ahead at most."


class NotYetBegun(Refusal):
    heading = "This day has not begun"


def bill_hosts(host: str | None, through: date) -> None:
    """Bill one white label or all. Raises NotYetBegun for a day that lies ahead in a white label's zone."""
    tenants = _chosen(host)
    for tenant in tenants:
        if through > today(tenant.time_zone):
            raise NotYetBegun(f"In {tenant.time_zone} it is not {through} yet. Try --dry-run to look ahead.")
    for tenant in tenants:
        with reading(tenant.id) as db:
            customers = db.scalar(select(func.count(Account.id)).where(Account.activated_at.is_not(None))) or 0
            before = _charged(db, through)
        with click.progressbar(length=max(customers, 1), label=tenant.name) as bar:
            run = bill_white_label(tenant.id, through, by="the command line", tell=bar.update)
        with reading(tenant.id) as db:
            done = _charged(db, through).less(before)
        click.echo(f"{tenant.name}: {done.words(tenant)}, {len(run.skipped)} skipped.")
        if before.charges:
            click.echo(f"    Charged for this day before: {before.words(tenant)}.")
        _tell_skipped(run.skipped)


@dataclass(frozen=True)
class Charged:
    """What was charged through one day, however many runs it took; sums with tax, in minor units."""

    charges: int = 0
    accounts: int = 0
    wholesale_minor: int = 0
    retail_minor: int = 0

    def less(self, before: "Charged") -> "Charged":
        return Charged(
            self.charges - before.charges,
            self.accounts - before.accounts,
            self.wholesale_minor - before.wholesale_minor,
            self.retail_minor - before.retail_minor,
        )

    def words(self, tenant: WhiteLabel) -> str:
        """Such as `1 charge for 1 account, wholesale £4.80, retail £12.00`."""
        charges, accounts = _counted(self.charges, "charge"), _counted(self.accounts, "account")
        wholesale, retail = money(self.wholesale_minor, tenant), money(self.retail_minor, tenant)
        return f"{charges} for {accounts}, wholesale {wholesale}, retail {retail}"


def _charged(db: TenantSession, through: date) -> Charged:
    sums = (BillingRun.charges, BillingRun.accounts, BillingRun.wholesale_minor, BillingRun.retail_minor)
    row = db.execute(select(*sums).where(BillingRun.through_day == through)).one_or_none()
    return Charged(*row) if row is not None else Charged()


def _tell_skipped(accounts: list[dict[str, str]]) -> None:
    for each in accounts:
        click.echo(f"    {each['number']} {each['name']}: {each['why']}")


def show_foreseen(host: str | None, through: date) -> None:
    """Say what `bill_hosts` would charge. Raises TooFarAhead."""
    tenants = _chosen(host)
    if any(through > today(tenant.time_zone) + LONGEST_VIEW for tenant in tenants):
        raise TooFarAhead
    for tenant in tenants:
        charges, wholesale, retail = 0, 0, 0
        click.echo(f"{tenant.name}, through {day(through, tenant)}:")
        for line in foresee(tenant.id, through):
            charges, wholesale, retail = charges + 1, wholesale + line.wholesale_minor, retail + line.retail_minor
            click.echo(
                f"    {line.number} {line.name}: {', '.join(filter(None, (line.what, line.days)))}, "
                f"wholesale {money(line.wholesale_minor, tenant)}, retail {money(line.retail_minor, tenant)}"
            )
        with reading(tenant.id) as db:
            _tell_skipped(skipped(db, through))
        click.echo(
            f"    {_counted(charges, 'line')}, wholesale {money(wholesale, tenant)}, retail {money(retail, tenant)}. "
            "Nothing was changed."
        )


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def take_usage(host: str, file: Path, *, is_trial: bool) -> Report:
    """Take usage in from a CSV file and say what became of it. Raises NotAUsageFile."""
    (tenant,) = _chosen(host)
    with file.open(encoding="utf-8-sig", newline="") as lines, file.open("rb") as counted:
        length = max(sum(1 for _ in counted) - 1, 1)
        with click.progressbar(length=length, label=tenant.name) as bar:
            report = import_usage(tenant.id, lines, is_trial=is_trial, tell=bar.update)
    for problem in report.refused:
        click.echo(f"    line {problem.line}: {problem.words}", err=True)
    click.echo(f"{tenant.name}: {report.words(is_trial=is_trial)}")
    return report


def _chosen(host: str | None) -> list[WhiteLabel]:
    with reading(PLATFORM) as db:
        if host is None:
            return white_labels(db)
        found = white_label_at(db, host)
    if found is None or found.is_operator:
        raise click.ClickException(f"No white label has the host {host}.")
    return [found]
