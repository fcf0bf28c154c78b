"""Disputes: a cardholder asks the bank for the money back, and the bank decides (docs.stripe.com/disputes).

What the bank decides is written in the evidence, as in Stripe's test mode (docs.stripe.com/testing#disputes), and comes
a moment after it: an answer is `under_review` first. Whoever does not answer in time loses.
"""

from portal.sandbox import balance, cards, events, lists
from portal.sandbox.cards import Complaint
from portal.sandbox.customers import merged_metadata
from portal.sandbox.errors import Json, Refused
from portal.sandbox.ids import new_id
from portal.sandbox.world import Call, World

DAY_S = 24 * 60 * 60
DAYS_TO_ANSWER, DAYS_OF_AN_INQUIRY = 8, 120
DECIDED_AFTER_S = 1.0
WINNING, LOSING, ESCALATING = "winning_evidence", "losing_evidence", "escalate_inquiry_evidence"
CLOSED = ("won", "lost", "warning_closed")
LONGEST_EVIDENCE = 150_000
TEXTS = (
    "access_activity_log",
    "billing_address",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_tracking_number",
    "uncategorized_text",
)
# These name an uploaded file, and the sandbox takes none.
FILES = (
    "cancellation_policy",
    "customer_communication",
    "customer_signature",
    "duplicate_charge_documentation",
    "receipt",
    "refund_policy",
    "service_documentation",
    "shipping_documentation",
    "uncategorized_file",
)
UNDERSTOOD = (*(f"evidence.{name}" for name in TEXTS), "submit", "metadata")


def arise(world: World, charge: Json) -> None:
    """The cardholder complains, if the charge's card is one of those, about what was not given back yet."""
    complaint = cards.by_last4(charge["payment_method_details"]["card"]["last4"]).complaint
    left = charge["amount"] - charge["amount_refunded"]
    if complaint is None or left == 0:
        return
    charge["disputed"] = True
    world.store.save(charge)
    dispute = _new_dispute(world, charge, complaint, left)
    if not complaint.is_inquiry:
        dispute["balance_transactions"].append(balance.of_dispute(world, dispute))
    world.store.add(dispute, due=_lapses_at(dispute))
    events.emit(world, "charge.dispute.created", dispute)
    if not complaint.is_inquiry:
        events.emit(world, "charge.dispute.funds_withdrawn", dispute)


def decide(world: World, dispute: Json) -> None:
    """The bank has read the evidence and does what it says, or has waited for it in vain."""
    verdict = dispute["_submitted"]
    if verdict == ESCALATING:
        _escalate(world, dispute)
    elif _is_inquiry(dispute):
        _conclude(world, dispute, "warning_closed")
    elif verdict == WINNING:
        dispute["balance_transactions"].append(balance.of_won_dispute(world, dispute))
        dispute.update(status="won", is_charge_refundable=True)
        events.emit(world, "charge.dispute.funds_reinstated", dispute)
        _conclude(world, dispute, "won")
    else:
        _conclude(world, dispute, "lost")


def is_refundable(world: World, charge: Json) -> bool:
    """Whether the charge's money is the account's to give back: not while a bank holds it, or has given it back."""
    dispute = _of_charge(world, charge)
    return dispute is None or dispute["is_charge_refundable"]


def retrieve(call: Call) -> Json:
    return call.load("dispute")


def listing(call: Call) -> Json:
    return lists.page(call, "dispute", "/v1/disputes", ("charge", "payment_intent"))


def update(call: Call) -> Json:
    """Evidence is sent to the bank as it comes, unless `submit` is false, which keeps it here for later."""
    dispute = _open_dispute(call)
    before = dict(dispute)
    dispute["metadata"] = merged_metadata(dispute["metadata"], call.params.get("metadata"))
    _add_evidence(dispute, call.params.get("evidence", {}))
    if call.params.get("submit", "evidence" in call.params):
        _submit(call.world, dispute)
    else:
        call.world.store.save(dispute)
    _tell_update(call.world, dispute, before)
    return dispute


def close(call: Call) -> Json:
    """The account gives in."""
    dispute = _open_dispute(call)
    _conclude(call.world, dispute, "lost")
    return dispute


def _open_dispute(call: Call) -> Json:
    dispute = call.load("dispute")
    if dispute["status"] in CLOSED:
        raise Refused(f"Dispute {dispute['id']} is closed, and nothing changes it any more.")
    return dispute


def _add_evidence(dispute: Json, given: Json) -> None:
    dispute["evidence"] = {**dispute["evidence"], **{name: text or None for name, text in given.items()}}
    texts = [dispute["evidence"][name] or "" for name in TEXTS]
    if sum(map(len, texts)) > LONGEST_EVIDENCE:
        raise Refused(f"All evidence together has at most {LONGEST_EVIDENCE} characters.", param="evidence")
    has_evidence = any(texts)
    dispute["evidence_details"] = {**dispute["evidence_details"], "has_evidence": has_evidence}


def _submit(world: World, dispute: Json) -> None:
    """Hand the evidence to the bank. One that reads nothing in it that it knows goes on reviewing."""
    details = dispute["evidence_details"]
    if not details["has_evidence"]:
        raise Refused("There is no evidence to submit yet.", param="evidence")
    dispute["evidence_details"] = {**details, "submission_count": details["submission_count"] + 1}
    dispute["status"] = "warning_under_review" if _is_inquiry(dispute) else "under_review"
    dispute["_submitted"] = dispute["evidence"]["uncategorized_text"]
    known = (WINNING, LOSING, ESCALATING) if _is_inquiry(dispute) else (WINNING, LOSING)
    if dispute["_submitted"] in known:
        world.store.await_moment(dispute, due=world.time() + DECIDED_AFTER_S)
    else:
        world.store.finish(dispute)


def _escalate(world: World, dispute: Json) -> None:
    """An inquiry becomes a dispute about what is left of the charge; where nothing is left, there is none."""
    charge = world.store.find(dispute["_account"], "charge", dispute["charge"])
    assert charge is not None, "a dispute's charge is never removed"
    left = charge["amount"] - charge["amount_refunded"]
    if left == 0:
        _conclude(world, dispute, "warning_closed")
        return
    before = dict(dispute)
    dispute.update(status="needs_response", amount=left, is_charge_refundable=False, _submitted=None)
    card = {**dispute["payment_method_details"]["card"], "case_type": "chargeback"}
    dispute["payment_method_details"] = {"card": card, "type": "card"}
    dispute["evidence_details"] = {**dispute["evidence_details"], "due_by": _due_by(world)}
    dispute["balance_transactions"] = [balance.of_dispute(world, dispute)]
    world.store.await_moment(dispute, due=_lapses_at(dispute))
    _tell_update(world, dispute, before)
    events.emit(world, "charge.dispute.funds_withdrawn", dispute)


def _conclude(world: World, dispute: Json, status: str) -> None:
    dispute["status"] = status
    world.store.finish(dispute)
    events.emit(world, "charge.dispute.closed", dispute)


def _tell_update(world: World, dispute: Json, before: Json) -> None:
    changed = {name: value for name, value in before.items() if dispute[name] != value}
    if changed:
        events.emit(world, "charge.dispute.updated", dispute, events.public(changed))


def _is_inquiry(dispute: Json) -> bool:
    return str(dispute["status"]).startswith("warning_")


def _of_charge(world: World, charge: Json) -> Json | None:
    found, _ = world.store.page(
        charge["_account"],
        "dispute",
        matching={"payment_intent": charge["payment_intent"], "charge": charge["id"]},
        created={},
        after=None,
        before=None,
        limit=1,
    )
    return found[0] if found else None


def _due_by(world: World) -> int:
    """The last second of a UTC day."""
    return (world.now() // DAY_S + DAYS_TO_ANSWER + 1) * DAY_S - 1


def _lapses_at(dispute: Json) -> int:
    """When nothing is heard any more: of the account in a dispute, of the bank in an inquiry."""
    if _is_inquiry(dispute):
        return int(dispute["created"]) + DAYS_OF_AN_INQUIRY * DAY_S
    return int(dispute["evidence_details"]["due_by"]) + 1


def _new_dispute(world: World, charge: Json, complaint: Complaint, amount: int) -> Json:
    card = charge["payment_method_details"]["card"]
    return {
        "id": new_id("du"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": world.now(),
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(sorted((*TEXTS, *FILES))), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": _due_by(world),
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": complaint.is_inquiry,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": card["brand"],
                "case_type": "inquiry" if complaint.is_inquiry else "chargeback",
                "network": card["network"],
                "network_reason_code": complaint.network_reason_code,
            },
            "type": "card",
        },
        "reason": complaint.reason,
        "status": "warning_needs_response" if complaint.is_inquiry else "needs_response",
        "_account": charge["_account"],
        "_submitted": None,
    }
