"""Sign-in and password forms."""

from wtforms import PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired, Length

from portal.identity.again import AskedAgainForm
from portal.identity.passwords import LONGEST
from portal.kit.forms import OneAddress, PortalForm, Text, normal_address

_short_enough = Length(max=LONGEST, message=f"Use at most {LONGEST} characters.")


class SignInForm(PortalForm):
    login_name = StringField("Login name", [Text(254, missing="Write your login name.")])
    password = PasswordField("Password", [InputRequired("Write your password."), _short_enough])


class ForgottenForm(PortalForm):
    login_name = StringField("Login name", [Text(254, missing="Write your login name.")])


class NewPasswordForm(PortalForm):
    password = PasswordField("New password", [InputRequired("Choose a password."), _short_enough])
    again = PasswordField("Retype password", [EqualTo("password", "This differs from the password above.")])


class ChangePasswordForm(NewPasswordForm, AskedAgainForm):
    pass


class CodeForm(PortalForm):
    code = StringField("Code", [Text(40, missing="Write the code.")])


class RecoveryForm(PortalForm):
    code = StringField("Recovery code", [Text(40, missing="Write one of your recovery codes.")])


class FactorForm(AskedAgainForm):
    """An act on one's second factor: it asks for the password and for a code, as a session alone is not enough."""

    code = StringField("Code from the app, or a recovery code", [Text(40, missing="Write the code.")])


class EnrolForm(AskedAgainForm):
    new_code = StringField("Code from the app", [Text(40, missing="Write the code that the app shows.")])


class NewPhoneForm(FactorForm):
    new_code = StringField("Code from the new phone", [Text(40, missing="Write the code that the new phone shows.")])


class TakeAwayForm(AskedAgainForm):
    reason = StringField("Reason", [Text(200, missing="Write how you know who asks, and why.")])


class NameForm(PortalForm):
    display_name = StringField("Your name", [Text(120, missing="Write your name.")])


class AddressForm(AskedAgainForm):
    email = StringField("New address for letters", [OneAddress()])

    @property
    def address(self) -> str:
        return normal_address(self.email.data or "") or ""


class ConfirmForm(PortalForm):
    """`password` is asked of whoever is not signed in as the person."""

    password = PasswordField("Password", [_short_enough])
