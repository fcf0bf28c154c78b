"""Adding credit to one's own account."""

from uuid import UUID

from flask import Blueprint, flash, g, redirect, request
from werkzeug.wrappers import Response

from portal.accounts.guards import (
    AccountIsClosed,
    account_members_only,
    account_or_administrator_only,
    my_account_or_404,
    standing,
)
from portal.accounts.lifecycle import Role, State
from portal.accounts.models import Account
from portal.activation.forms import AmountForm
from portal.activation.pages import PaymentStatus
from portal.kit.db import reading
from portal.kit.limits import limiter, remote_address
from portal.kit.money import Money, exponent
from portal.kit.refusals import NotAllowed
from portal.kit.settings import current
from portal.kit.web import allow_form_to, asked_host, page
from portal.payments import flows as payments
from portal.payments.commands import CannotTake
from portal.payments.flows import PaymentNotConfirmed, PaymentPageClosed
from portal.payments.queries import latest_funding
from portal.selfcare import flows, pages

bp = Blueprint("credit", __name__, url_prefix="/account/<uuid:account_id>/credit")


@bp.get("")
@account_or_administrator_only
def credit_page(account_id: UUID) -> Response:
    return _credit_page(_payer_or_403(account_id), None)


@bp.post("")
@limiter.limit("20 per hour", key_func=lambda: f"credit|{asked_host()}|{remote_address()}")
@account_or_administrator_only
def pay(account_id: UUID) -> Response:
    """Send the browser to the gateway's card page: the open one, or a new one."""
    account = _payer_or_403(account_id)
    form = _form(account)
    if not form.validate_on_submit() or form.chosen is None:
        return _credit_page(account, form)
    try:
        url = flows.open_card_page(account, form.chosen)
    except CannotTake as refused:
        form.other.errors = [refused.text]
        return _credit_page(account, form)
    except (PaymentPageClosed, PaymentNotConfirmed) as refused:
        return _credit_page(account, form, PaymentStatus.of(refused))
    allow_form_to(current().checkout_origin)
    return redirect(url or f"/account/{account_id}/credit/return", 303)


@bp.get("/return")
@account_members_only
def come_back(account_id: UUID) -> Response:
    """Where the card page leads back to: look at the gateway now, whatever the webhook does, and say what became of
    the money, whatever became of the account meanwhile."""
    account = my_account_or_404(account_id, even_closed=True)
    seen = payments.look(account_id)
    with reading() as db:
        funding, told = latest_funding(db, account_id), pages.what_became_of_it(db, account_id, seen=seen)
    if funding is not None and funding.is_open and funding.last_decline is None:
        return page("selfcare/waiting.html", account=account, pays=_pays(account), follow=request.path)
    if _pays(account) and (funding is None or funding.state != "succeeded"):
        return redirect(f"/account/{account_id}/credit", 303)
    if told is not None:
        kind, text = told
        flash(text, kind)
    return redirect(f"/account/{account_id}", 303)


def _pays(account: Account) -> bool:
    """Whether the person may add credit to the account as it is now."""
    runs = standing().role_on(account.id) == Role.ADMINISTRATOR
    return runs and account.is_run_by_customer and account in standing().live_accounts


def _payer_or_403(account_id: UUID) -> Account:
    """Raises NotFound for an account that is not one's own, NotAllowed when it is not one's to pay for, or closed."""
    account = my_account_or_404(account_id, even_closed=True)
    if account.state == State.CLOSED:
        raise AccountIsClosed(account)
    if standing().role_on(account_id) != Role.ADMINISTRATOR:
        raise NotAllowed("The administrators of the account add credit.")
    if not account.is_run_by_customer:
        raise NotAllowed(f"{g.white_label.name} pays for this account: it needs no credit of its own.")
    return account


def _credit_page(account: Account, form: AmountForm | None, refused: PaymentStatus | None = None) -> Response:
    seen = refused is None and payments.look(account.id)
    form = form or _form(account)
    with reading() as db:
        found = pages.credit_page(db, account, seen=seen)
    allow_form_to(current().checkout_origin)
    status = 503 if refused else 200
    return page("selfcare/credit.html", status=status, form=form, found=found, payment=refused or found.payment)


def _form(account: Account) -> AmountForm:
    tenant = g.white_label
    with reading() as db:
        owed, useful = pages.owed_minor(db, account), pages.next_charge_minor(db, account)
    least = Money(max(owed, least_minor(tenant.currency)), tenant.currency)
    form = AmountForm(least=least, useful=Money(owed + useful, tenant.currency), locale=tenant.locale)
    if request.method == "GET":
        form.amount.data = form.amount.choices[0].value
    return form


def least_minor(currency: str) -> int:
    """The least that is worth a card payment: 5.00, or 500 where there are no smaller parts."""
    return 5 * 10 ** exponent(currency) if exponent(currency) else 500
