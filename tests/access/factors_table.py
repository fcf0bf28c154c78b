"""Whose the pages of the second factor are, and what the town needs so that their addresses name something."""

from portal.identity.commands import add_user
from portal.kit.db import TenantSession
from tests.cast import PASSWORD, password_hash

OF_EVERYBODY = {
    # Whoever owes no factor is led on from the first two.
    "/login/code": "GET POST",
    "/login/second-factor": "GET POST",
    "/profile/second-factor": "GET POST",
    "/profile/second-factor/codes": "GET POST",
    "/profile/second-factor/phone": "GET POST",
    "/profile/second-factor/removal": "GET POST",
}
OF_ADMINISTRATORS = {
    "/settings/sign-in": "GET",
    "/settings/sign-in/<uuid:user_id>/lost-phone": "GET POST",
}
OF_OPERATORS = {
    "/operator/staff": "GET",
    "/operator/staff/<uuid:colleague_id>/lost-phone": "GET POST",
    "/operator/white-labels/<uuid:white_label_id>/staff/<uuid:member_id>/lost-phone": "GET POST",
}
# The rightful sender of these changes something for somebody who has a factor: `tests/identity/test_lost_phone.py`.
FORMS_OF_FACTORS = {
    rule: {"reason": "Called back", "present": PASSWORD}
    for rule, methods in (OF_ADMINISTRATORS | OF_OPERATORS).items() if "POST" in methods
}


def colleague(db: TenantSession) -> dict[str, object]:
    """Another one of the operator's staff."""
    otto = add_user(db, login_name="otto@highwire.example", display_name="Otto", email="otto@highwire.example",
                    password_hash=password_hash())
    return {"colleague_id": otto.id}
