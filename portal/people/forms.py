"""Inviting several people at once, adding one, changing a role."""

from typing import Any

from wtforms import BooleanField, PasswordField, SelectField, StringField
from wtforms.validators import EqualTo, InputRequired, Length, ValidationError

from portal.accounts.forms import Reads
from portal.accounts.lifecycle import Role
from portal.identity.models import User
from portal.identity.passwords import LONGEST
from portal.kit.forms import OneAddress, PortalForm, Text, choices, normal_address
from portal.kit.world import read_login, show_domain
from portal.people.rules import is_theirs_to_name

ROWS = 5


def role_choices(roles: tuple[Role, ...]) -> list[Any]:
    return choices((role.value, role.words) for role in roles)


class InviteForm(PortalForm):
    """A handful of addresses, each with a role; empty rows are left out."""

    @property
    def rows(self) -> list[tuple[Any, Any]]:
        return [(self[f"address_{n}"], self[f"role_{n}"]) for n in range(1, ROWS + 1)]

    @property
    def wanted(self) -> list[tuple[str, Role]]:
        """Address and role of each row that was filled; an address that stands twice counts once."""
        filled = ((address.data, role.data) for address, role in self.rows if address.data)
        return list({_same(address): (address.casefold(), Role(role)) for address, role in filled}.values())

    @property
    def is_for_several(self) -> bool:
        """Whether anything was written, or is wrong, beyond the first row."""
        return any(address.data or address.errors or role.errors for address, role in self.rows[1:])

    def validate(self, extra_validators: Any = None) -> bool:
        is_valid = bool(super().validate(extra_validators))
        if is_valid and not self.wanted:
            self["address_1"].errors = ["Write at least one address."]
            return False
        return not self._contradicts_itself() and is_valid

    def _contradicts_itself(self) -> bool:
        """Whether an address stands in two rows with different roles: nobody but the writer knows which one counts."""
        roles: dict[str, str] = {}
        is_wrong = False
        for address, role in self.rows:
            if not address.data or address.errors or role.errors:
                continue
            before = roles.setdefault(_same(address.data), role.data)
            if before != role.data:
                words = f"{address.data} stands above as {Role(before).words}. Keep one of the two rows."
                address.errors = [words]
                is_wrong = True
        return is_wrong


def _same(address: str) -> str:
    """What two ways of writing one address have in common."""
    return (normal_address(address) or address).casefold()


for _n in range(1, ROWS + 1):
    _of = ("E-mail address", "Role") if _n == 1 else (f"E-mail address {_n}", f"Role of address {_n}")
    setattr(InviteForm, f"address_{_n}", StringField(_of[0], [OneAddress(optional=True)]))
    setattr(InviteForm, f"role_{_n}", SelectField(_of[1]))


class AddPersonForm(PortalForm):
    """`person` is whoever signs in with this name already; they are added only when that is ticked.

    `own_domain` is the account's when one of its own administrators adds: what lies outside is not theirs to name.
    """

    display_name = StringField("Name", [Text(120, missing="Write the person's name.")])
    login_name = StringField("Login name", [Text(254, missing="Write the login name."), Reads(read_login)])
    alternate_email = StringField("Alternate e-mail", [OneAddress(optional=True)])
    role = SelectField("Role")
    existing = BooleanField("Add this person to the account")

    person: User | None = None
    may_add_known = False
    own_domain: str | None = None

    def validate_login_name(self, field: Any) -> None:
        if self.own_domain is not None and not is_theirs_to_name(field.data, self.email, self.own_domain):
            raise ValidationError(
                f"Outside {show_domain(self.own_domain)} people sign in with the address that their letters go to."
            )
        if self.person is None:
            return
        if not self.may_add_known:
            raise ValidationError("This name cannot be used. Invite the person by e-mail instead.")
        if not self.existing.data:
            raise ValidationError("Somebody signs in with this name already. Add this person, or choose another name.")

    def validate_alternate_email(self, field: Any) -> None:
        if field.data or self.person is not None or not self.login_name.data or self.login_name.errors:
            return
        if normal_address(self.login_name.data) is None:
            raise ValidationError("The login name takes no mail. Write the address that letters go to.")

    @property
    def login_hint(self) -> str:
        """What may be written as the login name, in words."""
        if self.own_domain is None:
            return "An e-mail address or UPN."
        return f"Their e-mail address, or a UPN in {show_domain(self.own_domain)}."

    @property
    def email(self) -> str:
        return self.alternate_email.data or normal_address(self.login_name.data or "") or ""


class RoleForm(PortalForm):
    role = SelectField("Role")


class JoinForm(PortalForm):
    """Name and password of somebody who has no login yet."""

    display_name = StringField("Your name", [Text(120, missing="Write your name.")])
    password = PasswordField("Password", [InputRequired("Choose a password."), Length(max=LONGEST)])
    again = PasswordField("Retype password", [EqualTo("password", "This differs from the password above.")])


class KnownForm(PortalForm):
    """The password of somebody who has a login here already."""

    password = PasswordField("Password", [InputRequired("Write your password."), Length(max=LONGEST)])


class PressForm(PortalForm):
    """Nothing to write: the press itself is the answer."""
