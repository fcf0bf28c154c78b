"""Who may ask what of phone settings and of provisioning: the part of the role table that is theirs."""

from portal.pbx.configuration import Configuration, Extension
from portal.pbx.models import Clip
from tests.pbx.making import set_up

ADMINISTRATOR, MACHINE = "administrator", "machine"
RUNS_IT, LOOKS = "runs the account", "looks at the account"

_BOTH_SIDES = {
    # below /…/pbx: (methods, whose it is on the account's own side)
    "": ("GET", LOOKS),
    "/<section>": ("GET", RUNS_IT),
    "/<section>/<key>": ("GET POST", LOOKS),  # a standard user: their own extension
    "/<section>/<key>/removal": ("GET POST", RUNS_IT),
    "/clips": ("GET POST", RUNS_IT),
    "/clips/<uuid:clip_id>": ("GET", LOOKS),
    "/clips/<uuid:clip_id>/removal": ("POST", RUNS_IT),
    "/extensions/<key>/password": ("GET POST", RUNS_IT),
    "/history": ("GET", RUNS_IT),
    "/rules": ("GET POST", RUNS_IT),
    "/templates/<name>": ("GET POST", RUNS_IT),
    "/history/<int:version>/undoing": ("POST", RUNS_IT),  # after all that need what it takes back
}

PHONES: dict[str, tuple[str, str]] = {
    **{f"/account/<uuid:account_id>/pbx{below}": rule for below, rule in _BOTH_SIDES.items()},
    **{f"/customers/<uuid:account_id>/pbx{below}": (methods, ADMINISTRATOR)
       for below, (methods, _) in _BOTH_SIDES.items()},
    "/provisioning/v1/<account>": ("GET", MACHINE),
    "/provisioning/v1/<account>/clips/<uuid:clip_id>": ("GET", MACHINE),
    "/provisioning/v1/freeswitch/directory": ("POST", MACHINE),
    "/settings/provisioning": ("GET POST", ADMINISTRATOR),
    "/settings/provisioning/renewal": ("GET", ADMINISTRATOR),
    "/settings/provisioning/revocation": ("GET POST", ADMINISTRATOR),
}
NAMES = {"<section>": "extensions", "<key>": "101", "<name>": "shop", "<int:version>": "1", "<account>": "x"}
"""What stands in an address in place of what is no id."""


def phones_of(db, account, user, by) -> dict[str, object]:
    """Settings with an extension that is a standard user's, and a recording."""
    set_up(db, account, by, Configuration(extensions=(Extension(number="101", name="Sam", user_id=user.id),)))
    clip = db.put(Clip(account_id=account.id, name="Hello", seconds=1, size=4, sha256="x", content=b"RIFF",
                       created_by="Bob"))
    return {"clip_id": clip.id}
