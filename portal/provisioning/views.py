"""What a PBX asks over HTTP: one account as JSON, its sound recordings, and FreeSWITCH's directory."""

import hashlib
import json
import time
from uuid import UUID

from flask import Blueprint, Response, request
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response as AnyResponse

from portal.kit.db import reading
from portal.kit.limits import limiter, remote_address
from portal.kit.refusals import NotFound, Refusal
from portal.kit.web import asked_host
from portal.pbx.models import Clip
from portal.provisioning import directory
from portal.provisioning.document import account_called, document, uptake
from portal.provisioning.guards import provisioning_key_only

bp = Blueprint("provisioning", __name__, url_prefix="/provisioning/v1")


def _caller() -> str:
    return f"{asked_host()}|{remote_address()}"


def _was_refused(response: AnyResponse) -> bool:
    return response.status_code == 401


# Every call and every registration may ask FreeSWITCH's directory; somebody who guesses keys gets no further than this.
by_a_pbx = limiter.shared_limit("1200 per minute", scope="provisioning", key_func=_caller)
by_a_guesser = limiter.shared_limit("20 per minute", "guessing", key_func=_caller, deduct_when=_was_refused)


@bp.get("/<account>")
@by_a_pbx
@by_a_guesser
@provisioning_key_only
def account(account: str) -> AnyResponse:
    with reading() as db:
        found = uptake(db, account_called(db, account))
        if found is None:
            raise NotFound
        words = document(found)
    return _with_etag(Response(words, mimetype="application/json"))


@bp.get("/<account>/clips/<uuid:clip_id>")
@by_a_pbx
@by_a_guesser
@provisioning_key_only
def clip(account: str, clip_id: UUID) -> AnyResponse:
    with reading() as db:
        found = uptake(db, account_called(db, account))
        wanted = db.load(Clip, clip_id) if found is not None else None
        if found is None or wanted is None or wanted.account_id != found.account.id:
            raise NotFound
        sound = wanted.content
    return _with_etag(Response(sound, mimetype="audio/wav"))


@bp.post("/freeswitch/directory")
@by_a_pbx
@by_a_guesser
@provisioning_key_only
def freeswitch_directory() -> AnyResponse:
    with reading() as db:
        words = directory.answer(db, request.form)
    return Response(words, mimetype="text/xml")


@bp.errorhandler(Refusal)
def refused(error: Refusal) -> AnyResponse:
    words = {"error": "not found" if error.status == 404 else "refused"}
    return Response(json.dumps(words) + "\n", error.status, mimetype="application/json")


@bp.errorhandler(TooManyRequests)
def too_often(error: TooManyRequests) -> AnyResponse:
    """RFC 6585, 4, with the whole seconds after which another try is worth it."""
    limit = limiter.current_limit
    wait_s = max(1, round(limit.reset_at - time.time())) if limit is not None else 60
    words = json.dumps({"error": "too many requests"}) + "\n"
    return Response(words, 429, {"Retry-After": str(wait_s)}, mimetype="application/json")


def _with_etag(response: Response) -> AnyResponse:
    """A strong validator (RFC 9110, 8.8.3): the digest of the very bytes, so 304 means that nothing is different."""
    response.set_etag(hashlib.sha256(response.get_data()).hexdigest())
    return response.make_conditional(request)
