"""The customer's own account, and an Option 2 account for its administrator."""

from uuid import UUID

from flask import Blueprint, redirect
from werkzeug.wrappers import Response

from portal.accounts.guards import account_members_only, my_account_or_404, standing
from portal.accounts.lifecycle import Role
from portal.kit.db import reading
from portal.kit.web import page
from portal.selfcare import pages

bp = Blueprint("selfcare", __name__, url_prefix="/account")


@bp.get("")
@account_members_only
def index() -> Response:
    accounts, unfinished = standing().readable_accounts, standing().unfinished_accounts
    if len(accounts) == 1 and not unfinished:
        return redirect(f"/account/{accounts[0].id}", 303)
    return page("selfcare/index.html", accounts=accounts, unfinished=unfinished)


@bp.get("/<uuid:account_id>")
@account_members_only
def show(account_id: UUID) -> Response:
    account = my_account_or_404(account_id, even_closed=True)
    with reading() as db:
        found = pages.account_page(db, account, runs=standing().role_on(account_id) == Role.ADMINISTRATOR)
    return page("selfcare/show.html", found=found)
