"""The customer's activation: check, password and terms, amount, card, done. Forgetting nothing, paying once."""

from uuid import UUID

from flask import Blueprint, g, redirect, request, session
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.accounts.guards import finishing_customers_only, returning_customers_only, standing
from portal.accounts.lifecycle import Role, State
from portal.accounts.models import Account
from portal.accounts.queries import customer_or_404
from portal.activation import commands, flows, pages, queries
from portal.activation.forms import AmountForm, KnownPasswordForm, LostLinkForm, PasswordAndTermsForm, TermsForm
from portal.activation.models import ActivationLink
from portal.activation.pages import PaymentStatus
from portal.identity.commands import LinkIsDead, PasswordRefused
from portal.identity.flows import begin_session
from portal.identity.guards import anyone, half_signed_in, is_me, to_sign_in
from portal.identity.models import User
from portal.identity.passwords import is_right
from portal.kit.db import TenantSession, reading, transaction
from portal.kit.limits import limiter, login_from_address, remote_address
from portal.kit.money import Money
from portal.kit.settings import current
from portal.kit.web import allow_form_to, asked_host, page
from portal.payments import flows as payments
from portal.payments.commands import CannotTake
from portal.payments.flows import PaymentNotConfirmed, PaymentPageClosed

bp = Blueprint("activation", __name__)


@bp.get("/activate/<token>")
@anyone
def open_link(token: str) -> Response:
    """Move the token out of the address at once. Nothing is consumed, however often scanners come by."""
    with reading() as db:
        link = queries.link_for_token(db, token)
    if link is None:
        return page("activation/dead-link.html", status=410, state="unknown")
    session["activation"] = str(link.id)
    return redirect("/activation", 303)


@bp.get("/activation")
@anyone
def check_details() -> Response:
    with reading() as db:
        found = _standing(db)
        details = pages.details(db, found) if found is not None else None
        pays, wait = found is not None and pages.has_to_pay(db, found), flows.why_not_at_all(db)
    if found is None or found.state != "live":
        return _goes_on() or _dead_link(found)
    return page("activation/check.html", details=details, pays=pays, wait=wait, form=None)


@bp.post("/activation")
@anyone
def go_on() -> Response:
    """From the details to the password. Consumes nothing, and tells the timeline that a person opened the link."""
    with transaction() as db:
        found = _standing(db)
        if found is not None and found.state == "live":
            commands.note_opened(db, found.link)
            return redirect("/activation/password", 303)
    return _goes_on() or _dead_link(found)


@bp.get("/activation/password")
@anyone
def password_page() -> Response:
    return _password_page(_password_form())


@bp.post("/activation/password")
@limiter.limit("20 per hour", deduct_when=lambda response: response.status_code != 303)
@anyone
def choose_password() -> Response:
    """The POST of a password and the terms claims the link; then the customer is signed in.

    Somebody who is known signs in first: while a second factor is owed, nothing is claimed, and this page waits.
    """
    form = _password_form()
    if not form.validate_on_submit() or not _comes_in(form):
        return _password_page(form)
    if isinstance(form, KnownPasswordForm) and half_signed_in() is not None:
        return to_sign_in("/activation/password")
    try:
        account, user = _redeem(form)
    except LinkIsDead:
        return _password_page(form)
    except (PasswordRefused, commands.TermsNotAccepted) as refused:
        getattr(form, refused.field or "password").errors = [refused.text]
        return _password_page(form)
    if isinstance(form, PasswordAndTermsForm):
        begin_session(user)
    session["finishing"] = str(account.id)
    return redirect("/activation/payment", 303)


@bp.get("/activation/terms")
@anyone
def terms() -> Response:
    return page("activation/terms.html")


@bp.get("/activation/payment")
@finishing_customers_only
def payment_page() -> Response:
    """The account that is being finished; `?account=` chooses another one of one's own."""
    if "account" in request.args:
        if request.args["account"] in {str(a.id) for a in standing().unfinished_accounts}:
            session["finishing"] = request.args["account"]
        return redirect("/activation/payment", 303)
    account = _finishing()
    if account is None:
        return redirect("/activation/done", 303)
    return _payment_page(account, None)


@bp.post("/activation/payment")
@limiter.limit("20 per hour", key_func=lambda: f"pay|{asked_host()}|{remote_address()}")
@finishing_customers_only
def pay() -> Response:
    """Send the browser to the gateway's card page: the open one, or a new one."""
    account = _finishing()
    if account is None:
        return redirect("/activation/done", 303)
    session["finishing"] = str(account.id)
    form = _amount_form(account)
    if not form.validate_on_submit() or form.chosen is None:
        return _payment_page(account, form)
    try:
        url = flows.open_card_page(account, form.chosen)
    except CannotTake as refused:
        form.other.errors = [refused.text]
        return _payment_page(account, form)
    except (PaymentPageClosed, PaymentNotConfirmed) as refused:
        return _payment_page(account, form, PaymentStatus.of(refused))
    allow_form_to(current().checkout_origin)
    return redirect(url or "/activation/done", 303)


@bp.get("/activation/return")
@returning_customers_only
def come_back() -> Response:
    """Where the card page leads back to."""
    ended = _ended()
    if ended is not None:
        return _tell_of_end(ended)
    return redirect("/activation/waiting" if _finishing() is not None else "/activation/done", 303)


@bp.get("/activation/waiting")
@finishing_customers_only
def waiting() -> Response:
    """Look at the gateway now, whatever the webhook does."""
    account = _finishing()
    status = _look_now(account) if account is not None else None
    if status is None:
        return redirect("/activation/done", 303)
    if status.kind not in ("open", "unknown"):
        return redirect("/activation/payment", 303)
    return page("activation/waiting.html", payment=status, follow="/activation/return")


@bp.get("/activation/done")
@finishing_customers_only
def done() -> Response:
    if _finishing() is not None:
        return redirect("/activation/payment", 303)
    with reading() as db:
        account = _finished()
        summary = pages.done_summary(db, account)
    steps = pages.next_steps(account, runs=standing().role_on(account.id) == Role.ADMINISTRATOR)
    return page("activation/done.html", account=account, summary=summary, steps=steps, others=_waiting_besides(account))


@bp.get("/activation/lost")
@anyone
def lost_page() -> Response:
    return page("activation/lost.html", form=LostLinkForm())


@bp.post("/activation/lost")
@limiter.limit("5 per hour", key_func=login_from_address)
@limiter.limit("20 per hour")
@anyone
def send_new_link() -> Response:
    """To the address on file only; the answer is the same whether there was anything to send."""
    form = LostLinkForm()
    if "activation" not in session and not form.validate_on_submit():
        return page("activation/lost.html", form=form)
    with transaction() as db:
        flows.renew_link(db, login_name=form.login_name.data or None, link_id=_link_id_or_none())
    return page("activation/lost-sent.html")


def _tell_of_end(account: Account) -> Response:
    """The account was closed before the browser came back: what became of the money, and whom to ask."""
    if account.activated_at is not None:
        return redirect(f"/account/{account.id}/credit/return", 303)
    seen = payments.look(account.id)
    with reading() as db:
        status = pages.payment_of_ended(db, account, seen=seen)
    follow = request.path if status.kind in ("open", "unknown") else None
    return page("activation/ended.html", account=account, payment=status, has_place=standing().has_place, follow=follow)


def _ended() -> Account | None:
    """The account whose activation was begun here, if it was closed since; or the last one, when no other is left."""
    ended, chosen = standing().ended_accounts, session.get("finishing")
    found = next((account for account in ended if str(account.id) == chosen), None)
    if found is None and not (standing().unfinished or standing().live_accounts):
        return next(iter(ended), None)
    return found


def _finishing() -> Account | None:
    """The unfinished account that was chosen, or the one begun last; none once the chosen one is active."""
    waiting, chosen = standing().unfinished_accounts, session.get("finishing")
    if chosen in {str(live.id) for live in standing().live_accounts}:
        return None
    return next((account for account in waiting if str(account.id) == chosen), standing().unfinished)


def _finished() -> Account:
    """The account whose activation was finished here, or the one that became active last."""
    live, chosen = standing().live_accounts, session.get("finishing")
    newest = max(live, key=lambda account: account.activated_at or account.created_at)
    return next((account for account in live if str(account.id) == chosen), newest)


def _password_form() -> PasswordAndTermsForm | TermsForm:
    """A password to choose, or the one that somebody with a login here has already; none of whoever is signed in."""
    with reading() as db:
        found = _standing(db)
    if found is None or found.user.password_hash is None:
        return PasswordAndTermsForm()
    return TermsForm() if is_me(found.user) else KnownPasswordForm()


def _comes_in(form: PasswordAndTermsForm | TermsForm) -> bool:
    """Sign in somebody who gives the password that they have; False when it is not theirs, or the link is dead."""
    if not isinstance(form, KnownPasswordForm):
        return True
    with reading() as db:
        found = _standing(db)
    if found is None or found.state != "live":
        return False
    if not (found.user.is_active and is_right(form.password.data or "", found.user.password_hash)):
        form.password.errors = ["This is not the password that you sign in with here."]
        return False
    begin_session(found.user, keep="activation")
    return True


def _redeem(form: PasswordAndTermsForm | TermsForm) -> tuple[Account, User]:
    password = form.password.data or "" if isinstance(form, PasswordAndTermsForm) else None
    accepts = bool(form.terms.data)
    with transaction() as db:
        return commands.redeem(db, _link_id(), password=password, accepts_terms=accepts, from_address=remote_address())


def _password_page(form: PasswordAndTermsForm | TermsForm) -> Response:
    with reading() as db:
        found = _standing(db)
        pays = found is not None and pages.has_to_pay(db, found)
    if found is None or found.state != "live":
        return _goes_on() or _dead_link(found)
    return page("activation/password.html", form=form, user=found.user, pays=pays)


def _dead_link(found: queries.Standing | None) -> Response:
    return page("activation/dead-link.html", status=410, state=found.state if found else "unknown")


def _goes_on() -> Response | None:
    """Where somebody belongs who comes back to the link's pages after choosing the password: on with the payment."""
    if not current_user.is_authenticated or g.white_label.is_operator:
        return None
    begun_here = "finishing" in session and (standing().live_accounts or standing().ended_accounts)
    return redirect("/activation/payment", 303) if standing().unfinished or begun_here else None


def _payment_page(account: Account, form: AmountForm | None, refused: PaymentStatus | None = None) -> Response:
    """The amount and what it is for; on top what became of the last try, which may be a refusal of just now."""
    status = refused or _look_now(account)
    if status is None:
        return redirect("/activation/done", 303)
    form = form or _amount_form(account)
    with reading() as db:
        refusal = flows.why_not_now(db, account)
        breakdown = pages.breakdown(db, account)
    allow_form_to(current().checkout_origin)
    return page(
        "activation/payment.html",
        status=503 if refused else 200,
        form=form,
        account=account,
        breakdown=breakdown,
        payment=pages.while_none_is_taken(status) if refusal else status,
        refusal=refusal,
        others=_others(account),
    )


def _look_now(account: Account) -> PaymentStatus | None:
    """What became of the latest payment, as the gateway has it now; None when it made the account active."""
    seen = payments.look(account.id)
    with reading() as db:
        found = customer_or_404(db, account.id)
        return None if found.state == State.ACTIVE else pages.payment_status(db, found, seen=seen)


def _others(account: Account) -> list[tuple[str, str]]:
    """The person's other accounts, with where each is gone on with."""
    live = [(a.name, f"/account/{a.id}") for a in standing().live_accounts]
    return live + [(f"{name}, not activated", href) for name, href in _waiting_besides(account)]


def _waiting_besides(account: Account) -> list[tuple[str, str]]:
    """Other accounts whose activation the person began, with where it is gone on with."""
    waiting = (a for a in standing().unfinished_accounts if a.id != account.id)
    return [(a.name, f"/activation/payment?account={a.id}") for a in waiting]


def _amount_form(account: Account) -> AmountForm:
    with reading() as db:
        missing = queries.need_of(db, account).missing_minor
    form = AmountForm(least=Money(max(missing, 1), g.white_label.currency), locale=g.white_label.locale)
    if request.method == "GET":
        form.amount.data = form.amount.choices[0].value
    return form


def _standing(db: TenantSession) -> queries.Standing | None:
    link_id = _link_id_or_none()
    link = db.load(ActivationLink, link_id) if link_id is not None else None
    return queries.standing_of(db, link) if link is not None else None


def _link_id() -> UUID:
    found = _link_id_or_none()
    if found is None:
        raise LinkIsDead
    return found


def _link_id_or_none() -> UUID | None:
    return UUID(session["activation"]) if "activation" in session else None
