"""Drafts, and the one act that turns a draft into a customer."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from portal.accounts.commands import NewCustomer, add_member, open_customer_account
from portal.accounts.forms import place_of
from portal.accounts.lifecycle import Administration, Role
from portal.accounts.models import Account
from portal.accounts.queries import is_staff
from portal.activation.commands import send_link
from portal.audit.commands import Actor
from portal.catalogue.queries import plan_on_sale, plans_on_sale
from portal.identity.commands import LoginNameTaken, add_user
from portal.identity.models import User
from portal.identity.queries import user_by_login
from portal.kit.clock import now
from portal.kit.db import TenantSession
from portal.kit.refusals import NotFound, Refusal
from portal.signup.models import UNFINISHED, Draft

STEPS = ("contact", "addresses", "plan")


class NothingOnSale(Refusal):
    heading = "No plan is on sale"
    text = "A customer needs a plan, and none is on sale yet. Ask the operator to put one on sale."
    ways = (("Go to the customers", "/customers"),)


class DraftIncomplete(Refusal):
    heading = "A step is not finished"
    text = "Finish every step, then create the customer."

    def __init__(self, draft_id: UUID, step: str) -> None:
        super().__init__()
        self.ways = (("Finish the step", f"/customers/new/{draft_id}/{step}"),)


class AnswerOutdated(Refusal):
    """An answer held when it was given and holds no longer; `step` is where to give another."""

    heading = "One answer has to be given anew"

    def __init__(self, step: str, text: str) -> None:
        super().__init__(text)
        self.step = step


class CreatedAlready(Refusal):
    """The draft was turned into a customer before; `account_id` says which."""

    heading = "This customer was created already"

    def __init__(self, account_id: UUID) -> None:
        super().__init__("It was created once, and is not created again.")
        self.account_id = account_id
        self.now_at = f"/customers/{account_id}/created"
        self.ways = (("Go to the customer", f"/customers/{account_id}"),)


def start_draft(db: TenantSession, user_id: UUID, administration: Administration) -> Draft:
    """Raises NothingOnSale."""
    if not plans_on_sale(db):
        raise NothingOnSale
    draft = Draft(user_id=user_id, administration=administration.value, answers={})
    db.put(draft)
    return draft


def open_drafts(db: TenantSession, user_id: UUID) -> list[Draft]:
    """A person's unfinished drafts, latest first; those without any answer are not worth resuming."""
    wanted = select(Draft).where(Draft.user_id == user_id, Draft.claimed_at.is_(None))
    return [d for d in db.scalars(wanted.order_by(Draft.updated_at.desc()).limit(500)) if d.answers]


def draft_or_404(db: TenantSession, draft_id: UUID, user_id: UUID) -> Draft:
    return _own_or_404(db.load(Draft, draft_id), user_id)


def held_draft_or_404(db: TenantSession, draft_id: UUID, user_id: UUID) -> Draft:
    """Like `draft_or_404`, locked until the transaction ends, so that two tabs do not overwrite each other's steps."""
    return _own_or_404(db.locked(Draft, draft_id), user_id)


def _own_or_404(draft: Draft | None, user_id: UUID) -> Draft:
    if draft is None or draft.user_id != user_id:
        raise NotFound
    return draft


def answer(db: TenantSession, draft: Draft, step: str, answers: dict[str, Any]) -> None:
    """Keep what a step took. Raises CreatedAlready for a draft that is a customer by now."""
    if draft.account_id is not None:
        raise CreatedAlready(draft.account_id)
    if step == "contact":
        _refuse_taken(db, answers)
    draft.answers = {**_without_half(draft, step), step: answers}


def leave(draft: Draft, step: str, typed: dict[str, Any]) -> None:
    """Keep a step's page as it stands, right or wrong: the step counts as not finished. Raises CreatedAlready."""
    if draft.account_id is not None:
        raise CreatedAlready(draft.account_id)
    draft.answers = {**draft.answers, UNFINISHED: {**draft.unfinished, step: typed}}


def _without_half(draft: Draft, step: str) -> dict[str, Any]:
    others = {name: typed for name, typed in draft.unfinished.items() if name != step}
    answers = {name: taken for name, taken in draft.answers.items() if name != UNFINISHED}
    return {**answers, UNFINISHED: others} if others else answers


def discard(db: TenantSession, draft: Draft) -> None:
    if draft.account_id is None:
        db.delete(draft)


def first_gap(draft: Draft) -> str | None:
    """The first step that is not finished, or None when the draft can be reviewed."""
    return next((step for step in STEPS if not draft.is_finished(step)), None)


def refuse_outdated(db: TenantSession, draft: Draft) -> None:
    """Raises AnswerOutdated when the login name was taken, or the plan retired, since the draft was answered."""
    try:
        _refuse_taken(db, draft.answers["contact"])
    except LoginNameTaken as refused:
        raise AnswerOutdated("contact", refused.text) from refused
    if plan_on_sale(db, UUID(draft.answers["plan"]["plan"])) is None:
        raise AnswerOutdated("plan", "The chosen plan is not sold any more. Choose another one.")


def create_customer(db: TenantSession, draft: Draft, *, by: Actor, administrator: User) -> Account:
    """Turn a draft into an inactive account with its people, contact and letter: all of it, once, or nothing.

    Raises CreatedAlready, DraftIncomplete, AnswerOutdated or LoginNameTaken.
    """
    _claim(db, draft)
    gap = first_gap(draft)
    if gap is not None:
        raise DraftIncomplete(draft.id, gap)
    refuse_outdated(db, draft)
    account = open_customer_account(db, _new_customer(draft), by=by)
    add_member(db, account, _primary_user(db, draft), Role.ADMINISTRATOR, is_primary=True)
    if account.is_run_by_customer:
        send_link(db, account, by=by)
    else:
        add_member(db, account, administrator, Role.ADMINISTRATOR)
    draft.account_id = account.id
    draft.answers = {"contact": {"name": account.name}}
    db.flush()
    return account


def _claim(db: TenantSession, draft: Draft) -> None:
    claimed = db.scalar(
        update(Draft)
        .where(Draft.id == draft.id, Draft.claimed_at.is_(None))
        .values(claimed_at=now())
        .returning(Draft.id)
    )
    if claimed is None:
        db.refresh(draft)
        assert draft.account_id is not None
        raise CreatedAlready(draft.account_id)


def _primary_user(db: TenantSession, draft: Draft) -> User:
    """A new person, or the one who has this login already and was chosen to be added."""
    contact = draft.answers["contact"]
    known = user_by_login(db, contact["login_name"]) if contact.get("existing") else None
    return known or add_user(
        db,
        login_name=contact["login_name"],
        display_name=contact["display_name"],
        email=contact["email"],
        password_hash=contact.get("password_hash"),
        must_change_password=bool(contact.get("password_hash")),
    )


def _new_customer(draft: Draft) -> NewCustomer:
    contact, places, plan = (draft.answers[step] for step in STEPS)
    return NewCustomer(
        name=contact["name"],
        primary_domain=contact["primary_domain"],
        administration=Administration(draft.administration),
        plan_id=UUID(plan["plan"]),
        first_day=date.fromisoformat(plan["first_day"]) if plan["first_day"] else None,
        billing_day=int(plan["billing_day"]) if plan.get("billing_day") else None,
        least_funding_minor=plan.get("least_funding_minor"),
        send_letters=contact["send_letters"],
        business=place_of(places, ""),
        service=None if places["same_address"] else place_of(places, "service_"),
        contact_name=places["contact_name"],
        contact_phone=places["contact_phone"],
        contact_email=places["contact_email"],
    )


def _refuse_taken(db: TenantSession, contact: dict[str, Any]) -> None:
    """Somebody new needs a name of their own; somebody known is added, but never one of the white label's people."""
    known = user_by_login(db, str(contact["login_name"]))
    if known is not None and (not contact.get("existing") or is_staff(db, known.id)):
        raise LoginNameTaken
