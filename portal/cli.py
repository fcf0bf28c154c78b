"""The command line: `portal …`."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from sqlalchemy.exc import SQLAlchemyError

from portal.accounts.lifecycle import Role
from portal.app import create_app
from portal.audit.commands import COMMAND_LINE
from portal.billing.commandline import bill_hosts, show_foreseen, take_usage
from portal.billing.usage_file import NotAUsageFile
from portal.kit import db as database, tokens
from portal.kit.forms import normal_address
from portal.kit.ids import new_id
from portal.kit.migrating import DatabaseAway, is_current, migrate as run_migrations
from portal.kit.money import NotAnAmount, percent, read_percent
from portal.kit.refusals import Refusal
from portal.kit.settings import UnsafeSettings, current, from_environment, install
from portal.kit.world import read_country, read_currency, read_host, read_locale, read_time_zone
from portal.numbers.commandline import classes_or_refusal, import_file
from portal.numbers.e164 import KINDS
from portal.numbers.stock_file import NotANumberFile, Terms
from portal.operator import commands as operator, wholesale_tax
from portal.operator.bounces import STANDARD_INPUT, read_input, take_messages, webhook_address
from portal.operator.credit import UnknownHost, give, limit
from portal.operator.lost_phones import WhichPerson, forget_factor
from portal.statements.commands import MonthNotOver
from portal.statements.flows import issue_through
from portal.statements.statement import Month
from portal.verify import SHOWN, verify as run_checks
from portal.whitelabels.colour import read_colour
from portal.whitelabels.queries import operator as operator_of, white_labels

Read = TypeVar("Read")


class Plainspoken(click.Group):
    """Says a refusal in one line instead of a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Refusal as refused:
            raise click.ClickException(refused.text) from refused
        except (
            NotAnAmount,
            NotANumberFile,
            NotAUsageFile,
            UnknownHost,
            WhichPerson,
            UnsafeSettings,
            DatabaseAway,
        ) as error:
            raise click.ClickException(str(error)) from error


def _read(reader: Callable[[str], Read]) -> Callable[..., Read]:
    """A check of an option by the very reader that the pages use for the same field."""

    def check(ctx: click.Context, parameter: click.Parameter, value: str) -> Read:
        try:
            return reader(value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from error

    return check


def _one_line(words: str) -> str:
    if not words.strip() or not words.isprintable():
        raise ValueError("Write something, on one line.")
    return words.strip()


def _address(words: str) -> str:
    if normal_address(words) is None:
        raise ValueError("Write one e-mail address, such as name@company.example.")
    return words


_name, _email, _host, _colour = _read(_one_line), _read(_address), _read(read_host), _read(read_colour)


@click.group(cls=Plainspoken)
@click.option("--demo", is_flag=True, help="Work on the data of `make demo` instead of DATABASE_URL.")
def main(demo: bool) -> None:
    """White-label sign-up and payment portal."""
    if demo:
        from portal.demo.places import data_environment

        os.environ.update(data_environment())


@main.command()
def migrate() -> None:
    """Bring the database to the present schema."""
    settings = from_environment()
    install(settings)
    which = "PLATFORM_DATABASE_URL" if settings.platform_database_url else "DATABASE_URL"
    url = settings.platform_database_url or settings.database_url
    was_current = False
    with suppress(SQLAlchemyError, ImportError):
        was_current = is_current(url)
    try:
        run_migrations(url)
    except (SQLAlchemyError, ImportError) as error:
        raise DatabaseAway(error, which) from error
    click.echo("The database was up to date already." if was_current else "The database is up to date now.")


def _house() -> None:
    """The application, on a database that answers and has the present schema. Raises DatabaseAway or UnsafeSettings."""
    try:
        create_app()
        is_ready = is_current(current().platform_database_url or current().database_url)
    except (SQLAlchemyError, ImportError) as error:
        raise DatabaseAway(error) from error
    if not is_ready:
        raise UnsafeSettings(
            "The database of DATABASE_URL is not at the present schema, or not there: run `portal migrate` first."
        )


@main.command()
@click.option("--bind", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--workers", default=1, show_default=True, help="Web processes.")
@click.option("--no-worker", is_flag=True, help="Run the background worker elsewhere, with `portal worker`.")
def serve(bind: str, port: int, workers: int, no_worker: bool) -> None:
    """Serve the pages, and run the background worker beside them."""
    from portal.serving import serve as run

    create_app()
    run(bind=bind, port=port, workers=workers, with_worker=not no_worker)


@main.command()
@click.option("--threads", default=3, show_default=True)
def worker(threads: int) -> None:
    """Run background jobs until stopped."""
    from portal.serving import work

    work(create_app(), threads=threads)


@main.command("verify")
def verify_command() -> None:
    """Recompute every invariant from the rows; exit 1 when anything differs."""
    _house()
    wrong = 0
    for finding in run_checks():
        click.echo(f"{finding.what:<16} {finding.checked:>8} checked  {_verdict(finding.differences)}")
        for difference in finding.differences[:SHOWN]:
            click.echo(f"    {difference}")
        wrong += len(finding.differences)
    if wrong:
        raise click.ClickException(f"{wrong} differences.")
    click.echo("Everything agrees.")


@main.command()
@click.option("--through", required=True, type=click.DateTime(["%Y-%m"]), help="The last month, such as 2026-10.")
@click.option(
    "--even-empty", is_flag=True, help="Also for accounts that did not move and stand at nothing, of that month."
)
def statements(through: datetime, even_empty: bool) -> None:
    """Issue every statement that is due through a month, for each white label, with its letters."""
    _house()
    with database.reading(database.PLATFORM) as db:
        tenants = white_labels(db)
    is_open = False
    for tenant in tenants:
        try:
            with database.scoped(tenant.id):
                issued = issue_through(Month(through.date()), even_empty=even_empty, progress=_tell_progress)
        except MonthNotOver:
            click.echo(f"{tenant.name}: {through:%B %Y} is not over there yet ({tenant.time_zone}). None was issued.")
            is_open = True
        else:
            click.echo(f"{tenant.name}: {_counted(issued)}")
    sys.exit(int(is_open))


def _tell_progress(issued: int) -> None:
    """One line that grows on a terminal; nothing in a log."""
    if sys.stderr.isatty():
        click.echo(f"\r{issued} statements", err=True, nl=False)


def _counted(issued: int) -> str:
    return "no statement was due." if not issued else f"{issued} statement{'' if issued == 1 else 's'}."


def _verdict(differences: list[str]) -> str:
    return "agree" if not differences else f"{len(differences)} differ"


@main.command("create-operator")
@click.option("--host", required=True, callback=_host, help="The operator's own host name.")
@click.option("--company", required=True, callback=_name, help="The operator's name.")
@click.option("--name", required=True, callback=_name, help="The first member of staff.")
@click.option("--email", required=True, callback=_email, help="Their e-mail, which is also their login name.")
@click.option("--currency", default="GBP", show_default=True, callback=_read(read_currency))
def create_operator(host: str, company: str, name: str, email: str, currency: str) -> None:
    """Create the operator, or add a member of staff to it. Prints the link that sets the password."""
    _house()
    with database.reading(database.PLATFORM) as db:
        found = operator_of(db)
    brand = operator.Brand(name=company, host=host, legal_name=company, support_email=email)
    business = operator.Business(currency=currency, country="GB", time_zone="Europe/London", locale="en_GB")
    with database.transaction(found.id if found else new_id()) as db:
        tenant = operator.create_operator(db, brand, business)
        click.echo(_invited(db, tenant.host, name, email, None))


@main.command("create-white-label")
@click.option("--host", required=True, callback=_host)
@click.option("--company", required=True, callback=_name)
@click.option("--name", required=True, callback=_name, help="The first administrator.")
@click.option("--email", required=True, callback=_email, help="Their e-mail, which is also their login name.")
@click.option("--currency", required=True, callback=_read(read_currency), help="ISO 4217; it never changes afterwards.")
@click.option("--country", default="GB", show_default=True, callback=_read(read_country))
@click.option("--time-zone", default="Europe/London", show_default=True, callback=_read(read_time_zone))
@click.option("--locale", default="en_GB", show_default=True, callback=_read(read_locale))
@click.option("--tax", default="0", show_default=True, callback=_read(read_percent), help="On wholesale, in per cent.")
@click.option("--support-email", required=True, callback=_email)
@click.option("--colour", default="#33506b", show_default=True, callback=_colour)
def create_white_label(company: str, host: str, name: str, email: str, **rest: Any) -> None:
    """Create a white label with its first administrator. Prints the link that sets the password."""
    _house()
    colour, support, tax_ppm = rest.pop("colour"), rest.pop("support_email"), rest.pop("tax")
    brand = operator.Brand(name=company, host=host, legal_name=company, support_email=support, colour=colour)
    business = operator.Business(wholesale_tax_ppm=tax_ppm, **rest)
    with database.transaction(new_id()) as db:
        tenant = operator.create_white_label(db, brand, business, by=COMMAND_LINE)
        click.echo(_invited(db, tenant.host, name, email, Role.ADMINISTRATOR))
    click.echo(f"It pays {percent(tax_ppm)} tax on wholesale. `portal white-label tax` changes it from a later day.")


@main.command("give-credit")
@click.option("--host", required=True, help="The white label's host.")
@click.option("--amount", required=True, help="In its currency, such as 500.00.")
@click.option("--reason", required=True, callback=_name, help="It stands in the books.")
def give_credit(host: str, amount: str, reason: str) -> None:
    """Credit a white-label account."""
    _house()
    click.echo(give(host, amount, reason))


@main.command("set-credit-limit")
@click.option("--host", required=True)
@click.option("--amount", required=True)
def set_credit_limit(host: str, amount: str) -> None:
    """Set how far a white-label account may go below zero."""
    _house()
    click.echo(limit(host, amount))


@main.command("bill")
@click.option("--through", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The last day that is charged.")
@click.option("--host", default=None, help="One white label; without it, all of them.")
@click.option("--dry-run", is_flag=True, help="Show what would be charged and why; change nothing.")
def bill_command(through: datetime, host: str | None, dry_run: bool) -> None:
    """Charge every period that begins on a day or before, and what was used until it."""
    _house()
    if dry_run:
        show_foreseen(host, through.date())
    else:
        bill_hosts(host, through.date())


@main.command("usage")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--host", required=True, help="The white label whose customers used it.")
@click.option("--dry-run", is_flag=True, help="Say what would become of each line; change nothing.")
def usage_command(file: Path, host: str, dry_run: bool) -> None:
    """Take in what was used from a CSV file; exit 1 when a line was refused. The same file can be sent again."""
    _house()
    if take_usage(host, file, is_trial=dry_run).refused:
        raise click.ClickException("The lines above were refused; the others were not harmed.")


@main.command("bounces")
@click.argument("files", nargs=-1, type=click.Path(allow_dash=True, path_type=Path))
@click.option("--address", is_flag=True, help="Print the address of the webhook for mail services, and stop.")
def bounces_command(files: tuple[Path, ...], address: bool) -> None:
    """Take in letters that came back, each a message as the mail server passes it on; `-`, or nothing, is the input.

    What is no report about a letter of ours is passed over. Exits 75 (try again later) when the database is away.
    """
    files = () if address else files or (STANDARD_INPUT,)
    given = read_input() if STANDARD_INPUT in files else b""
    try:
        _house()
        for words in webhook_address() if address else take_messages(files, given):
            click.echo(words)
    except (DatabaseAway, UnsafeSettings, SQLAlchemyError) as error:
        click.echo(f"Error: {error if isinstance(error, UnsafeSettings) else DatabaseAway(error)}", err=True)
        sys.exit(os.EX_TEMPFAIL)


@main.group("users")
def users_group() -> None:
    """People who sign in."""


@users_group.command("forget-factor")
@click.argument("email", callback=_name)
@click.option("--reason", required=True, callback=_name, help="Stands in the record and in the letter to the person.")
@click.option("--host", default=None, help="Where they sign in; needed when the name is in use at several hosts.")
def forget_factor_command(email: str, reason: str, host: str | None) -> None:
    """Take a lost second factor away; EMAIL is the login name. Staff set up another one at the next sign-in."""
    _house()
    click.echo(forget_factor(email, host, reason))


@main.group("white-label")
def white_label_group() -> None:
    """White labels that are there already."""


@white_label_group.command("tax")
@click.option("--host", required=True)
@click.option("--rate", default=None, help="In per cent, such as 21 or 8.875; with --from.")
@click.option("--from", "begins", default=None, type=click.DateTime(["%Y-%m-%d"]), help="Tomorrow or a later day.")
@click.option("--withdraw", default=None, type=click.DateTime(["%Y-%m-%d"]), help="The day of a rate to take back.")
def tax_command(host: str, rate: str | None, begins: datetime | None, withdraw: datetime | None) -> None:
    """Show the tax on wholesale, set it from a day on, or take back a rate whose day has not come.

    Periods already begun keep their rate.
    """
    _house()
    if (rate is None) != (begins is None) or (rate is not None and withdraw is not None):
        raise click.UsageError("Give --rate and --from together, --withdraw alone, or none of them.")
    if rate is not None and begins is not None:
        click.echo(wholesale_tax.put(host, rate, begins.date()))
    elif withdraw is not None:
        click.echo(wholesale_tax.take_back(host, withdraw.date()))
    else:
        for line in wholesale_tax.shown(host):
            click.echo(line)


@main.group("numbers")
def numbers_group() -> None:
    """The operator's stock of telephone numbers."""


@numbers_group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--price-class", required=True, help="The code of a service that counts numbers, for lines without one.")
@click.option("--country", default="", help="Two letters, for numbers written as they are dialled there.")
@click.option("--type", "kind", default="", type=click.Choice(["", *KINDS]), help="For lines that name no type.")
@click.option("--dry-run", is_flag=True, help="Say what would become of the lines; change nothing.")
def import_numbers(file: Path, price_class: str, country: str, kind: str, dry_run: bool) -> None:
    """Take numbers into the stock from a CSV file; exit 1 when a line was refused. It can be sent again."""
    _house()
    with database.reading(database.PLATFORM) as db:
        found = operator_of(db)
    if found is None:
        raise click.ClickException("There is no operator yet: run `portal create-operator` first.")
    terms = Terms(price_class, classes_or_refusal(found.id, price_class), country.upper(), kind)
    if import_file(found.id, file, terms, is_trial=dry_run).counts["malformed"]:
        raise click.ClickException("The lines above were refused; the others were not harmed.")


@main.command()
@click.option("--fresh", is_flag=True, help="Forget the demo's data and start over.")
@click.option("--port", default=8000, show_default=True)
def demo(fresh: bool, port: int) -> None:
    """Everything on one machine, offline: portal, worker, gateway sandbox, mail sink."""
    from portal.demo.running import run

    sys.exit(run(fresh=fresh, port=port))


@main.command()
def tour() -> None:
    """Drive both ways of creating a customer against a fresh demo, over HTTP, and check the books."""
    from portal.demo.tour import run

    sys.exit(run())


def _invited(db: database.TenantSession, host: str, name: str, email: str, role: Role | None) -> str:
    link = operator.invite_staff(db, name=name, email=email, role=role, by=COMMAND_LINE)
    token = tokens.issue(link.purpose, db.tenant, link.id, email)
    return f"{name} sets a password at {current().address(host, f'/password/set/{token}')}"
