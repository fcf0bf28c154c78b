"""The password asked again, before what would hand over money, keys or letters (OWASP ASVS 5.0.0, 7.5)."""

from typing import Any

from flask import session
from werkzeug.wrappers import Response
from wtforms import PasswordField
from wtforms.validators import StopValidation

from portal.identity.guards import person_at_the_door
from portal.identity.passwords import is_right
from portal.kit.forms import PortalForm
from portal.kit.limits import limiter, remote_address
from portal.kit.web import asked_host


class PresentPassword:
    """The signed-in person's own password."""

    def __call__(self, form: Any, field: Any) -> None:
        if not field.data:
            raise StopValidation("Write your present password.")
        if not is_right(field.data, person_at_the_door().password_hash):
            raise StopValidation("This is not your present password.")


class AskedAgainForm(PortalForm):
    """Of a view that is `sparing`: whoever took over a session could else try passwords in it."""

    present = PasswordField("Present password", [PresentPassword()])


def whoever() -> str:
    """Who tries, wherever they sit: a session that was taken cannot try passwords from many places."""
    who = session.get("_user_id") or session.get("address_change", remote_address())
    return f"profile|{asked_host()}|{who}"


def failed(response: Response) -> bool:
    """A form came back. Who is refused for what they are has guessed nothing, and some acts answer with a page."""
    return response.status_code == 422


sparing = limiter.shared_limit("10 per 15 minutes", scope="present password", key_func=whoever, deduct_when=failed)
