"""The command line: `portal …`."""

import re
import sys
from collections.abc import Callable
from typing import Any
from zoneinfo import available_timezones

import click
from babel import Locale
from babel.core import UnknownLocaleError
from babel.numbers import list_currencies

from portal.accounts.lifecycle import Role
from portal.app import create_app
from portal.audit.commands import COMMAND_LINE
from portal.kit import db as database, tokens
from portal.kit.forms import normal_address
from portal.kit.ids import new_id
from portal.kit.migrating import migrate as run_migrations
from portal.kit.money import NotAnAmount
from portal.kit.refusals import Refusal
from portal.kit.settings import UnsafeSettings, current, from_environment
from portal.kit.web import HOST
from portal.operator import commands as operator
from portal.operator.credit import UnknownHost, give, limit
from portal.verify import verify as run_checks
from portal.whitelabels.queries import operator as operator_of


class Plainspoken(click.Group):
    """Says a refusal in one line instead of a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Refusal as refused:
            raise click.ClickException(refused.text) from refused
        except (NotAnAmount, UnknownHost, UnsafeSettings) as error:
            raise click.ClickException(str(error)) from error


def _checked(is_right: Callable[[str], bool], example: str) -> Callable[..., str]:
    def check(ctx: click.Context, parameter: click.Parameter, value: str) -> str:
        if not is_right(value):
            raise click.BadParameter(f"{value!r} is not something like {example}")
        return value

    return check


def _is_locale(value: str) -> bool:
    try:
        Locale.parse(value)
    except (ValueError, UnknownLocaleError):
        return False
    return True


_host = _checked(lambda value: bool(HOST.match(value.casefold())), "portal.acme.example")
_email = _checked(lambda value: normal_address(value) is not None, "name@company.example")
_currency = _checked(lambda value: value in list_currencies(), "GBP")
_time_zone = _checked(lambda value: value in available_timezones(), "Europe/London")
_locale = _checked(_is_locale, "en_GB")
_colour = _checked(lambda value: bool(re.fullmatch("#[0-9a-f]{6}", value)), "#0d5c63")


@click.group(cls=Plainspoken)
def main() -> None:
    """White-label sign-up and payment portal."""


@main.command()
def migrate() -> None:
    """Bring the database to the present schema."""
    settings = from_environment()
    run_migrations(settings.platform_database_url or settings.database_url)
    click.echo("The database is up to date.")


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
    create_app()
    wrong = 0
    for finding in run_checks():
        click.echo(f"{finding.what:<16} {finding.checked:>8} checked  {_verdict(finding.differences)}")
        for difference in finding.differences[:20]:
            click.echo(f"    {difference}")
        wrong += len(finding.differences)
    if wrong:
        raise click.ClickException(f"{wrong} differences.")
    click.echo("Everything agrees.")


def _verdict(differences: list[str]) -> str:
    return "agree" if not differences else f"{len(differences)} differ"


@main.command("create-operator")
@click.option("--host", required=True, callback=_host, help="The operator's own host name.")
@click.option("--company", required=True, help="The operator's name.")
@click.option("--name", required=True, help="The first member of staff.")
@click.option("--email", required=True, callback=_email, help="Their e-mail, which is also their login name.")
@click.option("--currency", default="GBP", show_default=True, callback=_currency)
def create_operator(host: str, company: str, name: str, email: str, currency: str) -> None:
    """Create the operator, or add a member of staff to it. Prints the link that sets the password."""
    create_app()
    with database.reading(database.PLATFORM) as db:
        found = operator_of(db)
    brand = operator.Brand(name=company, host=host.casefold(), legal_name=company, support_email=email)
    business = operator.Business(currency=currency, country="GB", time_zone="Europe/London", locale="en_GB")
    with database.transaction(found.id if found else new_id()) as db:
        tenant = operator.create_operator(db, brand, business)
        click.echo(_invited(db, tenant.host, name, email, None))


@main.command("create-white-label")
@click.option("--host", required=True, callback=_host)
@click.option("--company", required=True)
@click.option("--name", required=True, help="The first administrator.")
@click.option("--email", required=True, callback=_email, help="Their e-mail, which is also their login name.")
@click.option("--currency", required=True, callback=_currency, help="ISO 4217; it never changes afterwards.")
@click.option("--country", default="GB", show_default=True)
@click.option("--time-zone", default="Europe/London", show_default=True, callback=_time_zone)
@click.option("--locale", default="en_GB", show_default=True, callback=_locale)
@click.option("--support-email", required=True, callback=_email)
@click.option("--colour", default="#33506b", show_default=True, callback=_colour)
def create_white_label(company: str, host: str, name: str, email: str, **rest: Any) -> None:
    """Create a white label with its first administrator. Prints the link that sets the password."""
    create_app()
    colour, support = rest.pop("colour"), rest.pop("support_email")
    brand = operator.Brand(name=company, host=host.casefold(), legal_name=company, support_email=support, colour=colour)
    with database.transaction(new_id()) as db:
        tenant = operator.create_white_label(db, brand, operator.Business(**rest), by=COMMAND_LINE)
        click.echo(_invited(db, tenant.host, name, email, Role.ADMINISTRATOR))


@main.command("give-credit")
@click.option("--host", required=True, help="The white label's host.")
@click.option("--amount", required=True, help="In its currency, such as 500.00.")
@click.option("--reason", required=True)
def give_credit(host: str, amount: str, reason: str) -> None:
    """Credit a white-label account."""
    create_app()
    click.echo(give(host, amount, reason))


@main.command("set-credit-limit")
@click.option("--host", required=True)
@click.option("--amount", required=True)
def set_credit_limit(host: str, amount: str) -> None:
    """Set how far a white-label account may go below zero."""
    create_app()
    click.echo(limit(host, amount))


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
