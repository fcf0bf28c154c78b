"""An account moves along its lifecycle and nowhere else; each move leaves a row on the trail."""

from itertools import product

import pytest

from portal.accounts.commands import activate, close, reactivate, suspend
from portal.accounts.lifecycle import MOVES, State, may_move
from portal.accounts.models import Account, MoveRefused
from portal.audit.queries import acts_on
from tests.accounts.making import customer

ALLOWED = {
    ("inactive", "active"), ("inactive", "closed"), ("active", "suspended"), ("active", "closed"),
    ("suspended", "active"), ("suspended", "closed"),
}


@pytest.fixture
def account(db, northwind, clock):
    return customer(db, northwind.plans["desk"])


@pytest.mark.parametrize(("old", "new"), list(product(State, State)))
def test_every_move_is_allowed_or_refused(old, new):
    """Red when any pair is added to or taken from the table of moves."""
    account = Account(number="101-0002", state=old.value)
    assert may_move(old, new) == ((old.value, new.value) in ALLOWED)
    if may_move(old, new):
        account.move_to(new)
        assert account.state == new.value
        return
    with pytest.raises(MoveRefused, match=f"is {old} and cannot become {new}"):
        account.move_to(new)
    assert account.state == old.value


def test_every_state_has_its_moves():
    assert set(MOVES) == set(State) and MOVES[State.CLOSED] == set()


def test_each_act_is_on_the_trail_with_its_reason_and_its_person(db, account, bob):
    activate(db, account, by=bob.actor)
    suspend(db, account, reason="Unpaid since June", by=bob.actor)
    reactivate(db, account, by=bob.actor)
    close(db, account, reason="Moved away", by=bob.actor)
    db.flush()
    acts = [act for act in acts_on(db, account.id) if act.action != "activation.link-written"]
    assert [act.action for act in acts] == [
        "account.created", "account.activated", "account.suspended", "account.reactivated", "account.closed"]
    assert [act.details.get("reason") for act in acts[1:]] == [None, "Unpaid since June", None, "Moved away"]
    assert {(act.actor_kind, act.actor_id, act.actor_name) for act in acts[1:]} == {("user", bob.id, "Bob Marsh")}


def test_when_it_became_active_and_when_it_closed_is_kept(db, account, bob, clock):
    assert account.activated_at is None and account.closed_at is None
    activate(db, account, by=bob.actor)
    began = clock()
    clock.advance(days=3)
    suspend(db, account, reason="A pause", by=bob.actor)
    reactivate(db, account, by=bob.actor)
    close(db, account, reason="The end", by=bob.actor)
    assert account.activated_at == began and account.closed_at == clock()


@pytest.mark.parametrize(("act", "before"), [
    (lambda db, a, by: suspend(db, a, reason="x", by=by), []),
    (lambda db, a, by: reactivate(db, a, by=by), [lambda db, a, by: close(db, a, reason="x", by=by)]),
    (lambda db, a, by: close(db, a, reason="x", by=by), [lambda db, a, by: close(db, a, reason="x", by=by)]),
    (lambda db, a, by: activate(db, a, by=by), [lambda db, a, by: activate(db, a, by=by)]),
    (lambda db, a, by: reactivate(db, a, by=by), []),
    (lambda db, a, by: activate(db, a, by=by), [
        lambda db, a, by: activate(db, a, by=by), lambda db, a, by: suspend(db, a, reason="x", by=by)]),
], ids=["suspend an inactive one", "reopen a closed one", "close twice", "activate twice",
        "reactivate what was never active", "activate what is suspended"])
def test_what_the_lifecycle_refuses_leaves_no_trace(db, account, bob, act, before):
    for earlier in before:
        earlier(db, account, bob.actor)
    db.flush()
    state, acts = account.state, len(acts_on(db, account.id))
    with pytest.raises(MoveRefused):
        act(db, account, bob.actor)
    db.flush()
    assert account.state == state and len(acts_on(db, account.id)) == acts
