"""The page on which a white label makes, renews and ends the key of its PBX."""

from flask import Blueprint, flash, redirect, request
from werkzeug.wrappers import Response

from portal.accounts.guards import administrators_only
from portal.identity.guards import actor
from portal.kit.db import TenantSession, reading, transaction
from portal.kit.forms import PortalForm
from portal.kit.limits import limiter
from portal.kit.refusals import BadInput
from portal.kit.settings import current
from portal.kit.web import page
from portal.provisioning.commands import KeyChanged, end_key, key_in_use, make_key, stamp
from portal.whitelabels.queries import white_label
from portal.whitelabels.words import moment

bp = Blueprint("provisioning_settings", __name__, url_prefix="/settings/provisioning")


@bp.get("")
@administrators_only
def index() -> Response:
    with reading() as db:
        found = _page(db)
    return page("provisioning/settings.html", found=found, key=None)


@bp.post("")
@limiter.limit("30 per hour")
@administrators_only
def renew() -> Response:
    """The key stands on this answer and nowhere else."""
    if not PortalForm().validate_on_submit():
        raise BadInput
    try:
        with transaction() as db:
            key = make_key(db, by=actor(), seen=request.form.get("seen", ""))
            found = _page(db)
    except KeyChanged:
        return _asked("renewal", status=409)
    return page("provisioning/settings.html", found=found, key=key)


@bp.get("/renewal")
@administrators_only
def renewal_page() -> Response:
    return _asked("renewal")


@bp.get("/revocation")
@administrators_only
def revocation_page() -> Response:
    return _asked("revocation")


@bp.post("/revocation")
@administrators_only
def revoke() -> Response:
    try:
        with transaction() as db:
            end_key(db, by=actor(), seen=request.form.get("seen", ""))
    except KeyChanged:
        return _asked("revocation", status=409)
    flash("The key is ended. No PBX can take settings until you make another.", "ok")
    return redirect("/settings/provisioning", 303)


def _asked(act: str, *, status: int = 200) -> Response:
    """The page that says what an act ends, before it does; where there is no key, there is nothing to end."""
    with reading() as db:
        found = _page(db)
    if not found["rows"]:
        return redirect("/settings/provisioning", 303)
    return page("provisioning/ending.html", status=status, found=found, act=act)


def _page(db: TenantSession) -> dict[str, object]:
    tenant, key = white_label(db), key_in_use(db)
    rows = []
    if key is not None:
        used = moment(key.used_at, tenant) if key.used_at else "Never"
        rows = [("Ends in", key.hint), ("Made", f"{moment(key.made_at, tenant)} by {key.made_by}"), ("Last used", used)]
    return {"address": current().address(tenant.host, "/provisioning/v1/"), "rows": rows, "seen": stamp(key)}
