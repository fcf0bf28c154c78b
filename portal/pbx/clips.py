"""The pages of recordings: upload, listen, remove."""

import hashlib
from uuid import UUID

from flask import Blueprint, Response as PlainResponse, flash, redirect
from flask_wtf.file import FileField
from werkzeug.wrappers import Response
from wtforms import StringField

from portal.accounts.guards import account_or_administrator_only
from portal.accounts.lifecycle import Side
from portal.accounts.models import Account
from portal.audit.commands import Actor, record
from portal.identity.guards import actor
from portal.kit.db import TenantSession, reading, transaction
from portal.kit.forms import PortalForm, Text
from portal.kit.limits import limiter
from portal.kit.refusals import NotFound, Refusal
from portal.kit.web import allow_sound, page
from portal.pbx import pages, queries
from portal.pbx.check import playing
from portal.pbx.models import Clip
from portal.pbx.rules import Office
from portal.pbx.sound import NoSound, Sound, read_sound
from portal.pbx.views import ACCOUNT, CUSTOMERS, administered, held, office_of
from portal.pbx.words import title

bp = Blueprint("pbx_clips", __name__)

MOST_CLIPS = 50


class ClipInUse(Refusal):
    heading = "This recording is in use"
    text = "Choose something else there first."


class TooManyClips(Refusal):
    heading = "There are many recordings already"
    text = f"An account keeps {MOST_CLIPS} at most. Remove one that is not in use."


class ClipForm(PortalForm):
    name = StringField("Name", [Text(60)])
    file = FileField("Recording")


@bp.get("/customers/<uuid:account_id>/pbx/clips", defaults=CUSTOMERS)
@bp.get("/account/<uuid:account_id>/pbx/clips", defaults=ACCOUNT)
@account_or_administrator_only
def index(side: Side, account_id: UUID) -> Response:
    return _clips(administered(side, account_id), ClipForm(formdata=None))


@bp.post("/customers/<uuid:account_id>/pbx/clips", defaults=CUSTOMERS)
@bp.post("/account/<uuid:account_id>/pbx/clips", defaults=ACCOUNT)
@limiter.limit("60 per hour")
@account_or_administrator_only
def upload(side: Side, account_id: UUID) -> Response:
    office, form = administered(side, account_id, changes=True), ClipForm()
    if not form.validate_on_submit():
        return _clips(office, form)
    try:
        # Before any transaction: decoding takes its time.
        sound = read_sound(form.file.data.read() if form.file.data else b"")
    except NoSound as refused:
        form.file.errors = [str(refused)]
        return _clips(office, form)
    with transaction() as db:
        keep(db, held(db, office), form.name.data or "", sound, by=actor())
    flash("The recording can be chosen now.", "ok")
    return redirect(f"{office.base}/clips", 303)


@bp.get("/customers/<uuid:account_id>/pbx/clips/<uuid:clip_id>", defaults=CUSTOMERS)
@bp.get("/account/<uuid:account_id>/pbx/clips/<uuid:clip_id>", defaults=ACCOUNT)
@account_or_administrator_only
def listen(side: Side, account_id: UUID, clip_id: UUID) -> Response:
    office = office_of(side, account_id)
    with reading() as db:
        sound = _clip_or_404(db, office, clip_id).content
    return PlainResponse(sound, mimetype="audio/wav", headers={"Content-Disposition": "inline; filename=recording.wav"})


@bp.post("/customers/<uuid:account_id>/pbx/clips/<uuid:clip_id>/removal", defaults=CUSTOMERS)
@bp.post("/account/<uuid:account_id>/pbx/clips/<uuid:clip_id>/removal", defaults=ACCOUNT)
@account_or_administrator_only
def remove(side: Side, account_id: UUID, clip_id: UUID) -> Response:
    office = administered(side, account_id, changes=True)
    with transaction() as db:
        account = held(db, office)
        discard(db, account, _clip_or_404(db, office, clip_id), by=actor())
    flash("The recording is removed.", "ok")
    return redirect(f"{office.base}/clips", 303)


def keep(db: TenantSession, account: Account, name: str, sound: Sound, *, by: Actor) -> Clip:
    """Raises TooManyClips."""
    if len(queries.clips_of(db, account.id)) >= MOST_CLIPS:
        raise TooManyClips
    record(db, "pbx.clip-added", by=by, subject=account.id, name=name, seconds=sound.seconds)
    return db.put(
        Clip(
            account_id=account.id,
            name=name,
            seconds=sound.seconds,
            size=len(sound.wav),
            sha256=hashlib.sha256(sound.wav).hexdigest(),
            content=sound.wav,
            created_by=by.name,
        )
    )


def discard(db: TenantSession, account: Account, clip: Clip, *, by: Actor) -> None:
    """Raises ClipInUse while the settings play it. What the history says of it stays in words."""
    settings = queries.newest(db, account.id)[1]
    if places := playing(settings, clip.id):
        raise ClipInUse(f"{'; '.join(title(place, settings.at(place)) for place in places)}. {ClipInUse.text}")
    db.delete(clip)
    record(db, "pbx.clip-removed", by=by, subject=account.id, name=clip.name)


def _clip_or_404(db: TenantSession, office: Office, clip_id: UUID) -> Clip:
    found = db.load(Clip, clip_id)
    if found is None or found.account_id != office.account.id:
        raise NotFound
    return found


def _clips(office: Office, form: ClipForm) -> Response:
    with reading() as db:
        lines = pages.clips_page(db, office)
    allow_sound()
    return page("pbx/clips.html", office=office, form=form, lines=lines)
