"""Puts the house together: settings, database, extensions, rooms, and the answers to what goes wrong."""

import gc
from functools import cache
from typing import Any

import structlog
from flask import Flask, Response, g, redirect, request, url_for
from flask_bootstrap import Bootstrap5
from flask_login import current_user
from flask_mail import Mail
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError, TooManyRequests
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as AnyResponse

from portal import rooms
from portal.activation import commands as activation, disputed
from portal.arrears import commands as arrears
from portal.billing import subscriptions as billing, usage
from portal.errors import crash_page, error_page, plain_page, refusal_page, write_down
from portal.identity.guards import login_manager
from portal.kit import db as database
from portal.kit.limits import limiter
from portal.kit.logs import mask, set_up_logs
from portal.kit.refusals import BadInput, Refusal
from portal.kit.sessions import ServerSessions
from portal.kit.settings import Settings, current, from_environment, install
from portal.kit.web import add_headers, asked_host
from portal.navigation import are_our_customers_suspended, navigation, role_label
from portal.numbers import assigning as numbers, porting
from portal.numbers.documents import LARGEST_BYTES
from portal.numbers.stock_file import MOST_BYTES
from portal.pbx import commands as pbx, routing
from portal.pbx.sound import LARGEST_BYTES as LARGEST_SOUND
from portal.people import commands as people
from portal.statements import receipts
from portal.whitelabels.queries import all_hosts, white_label_to_read

log = structlog.get_logger()

LONGEST_BODY = 1024 * 1024
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
OPEN_TO_ANY_HOST = ("/health/", "/static/", "/bootstrap/")
STYLE = ("/brand.css", "/icon.svg")
THIS_MACHINE = ("localhost", "127.0.0.1")
WHILE_PASSWORD_MUST_CHANGE = {"identity.change_password_page", "identity.change_password", "identity.sign_out"}


class Portal(Flask):
    def log_exception(self, exc_info: Any) -> None:
        """Flask's own line would hold the whole path, and some paths work like keys."""
        write_down(exc_info[1])


def create_app(settings: Settings | None = None) -> Flask:
    """The WSGI application. Raises UnsafeSettings when production is asked for with a default secret."""
    settings = settings or from_environment()
    install(settings)
    set_up_logs(settings)
    database.use(database.Database(settings))
    app = Portal("portal")
    app.config.update(_flask_settings(settings))
    app.session_interface = ServerSessions(settings, _arrive)
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.trusted_proxies, x_proto=settings.trusted_proxies
        )
    app.before_request(_enter_white_label)
    app.before_request(_allow_a_long_file)
    for extension in (Bootstrap5(), Mail(), CSRFProtect(), login_manager, limiter):
        extension.init_app(app)
    app.before_request(_refuse_nul)
    app.before_request(_insist_on_new_password)
    rooms.register(app)
    listen()
    _answer_errors(app)
    _serve(app, settings)
    # What is alive now lives as long as the process: the collector has no need to walk it again and again.
    gc.freeze()
    return app


def listen() -> None:
    """Let rooms below tell those above of what happens. The order is that in which they hear of it."""
    activation.listen()
    disputed.listen()
    people.listen()
    receipts.listen()
    arrears.listen()
    billing.listen()
    usage.listen()
    numbers.listen()
    porting.listen()
    pbx.listen()
    routing.listen()


def _flask_settings(settings: Settings) -> dict[str, Any]:
    return {
        "SECRET_KEY": settings.secret_key,
        "MAX_CONTENT_LENGTH": LONGEST_BODY,
        "MAX_FORM_MEMORY_SIZE": 256 * 1024,
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": False,
        "BOOTSTRAP_SERVE_LOCAL": True,
        "RATELIMIT_STORAGE_URI": settings.limits_storage,
        "MAIL_SERVER": settings.mail_server,
        "MAIL_PORT": settings.mail_port,
        "MAIL_USERNAME": settings.mail_username or None,
        "MAIL_PASSWORD": settings.mail_password or None,
        "MAIL_USE_TLS": settings.mail_tls,
        "MAIL_DEFAULT_SENDER": settings.mail_from,
        "SEND_FILE_MAX_AGE_DEFAULT": 3600,
    }


def _refuse_nul() -> None:
    """PostgreSQL stores no NUL, so no address, search or form may hold one."""
    if b"%00" in request.query_string or "\x00" in request.path:
        raise BadInput
    if request.mimetype in FORMS and any("\x00" in value for _, value in request.form.items(multi=True)):
        raise BadInput


def _arrive(db: database.TenantSession) -> bool:
    """The tenant is the one whose stored host was asked, exactly. Where any host will do there is no session either."""
    database.enter_scope(None)
    g.white_label = None
    if request.path.startswith(OPEN_TO_ANY_HOST):
        return False
    host = asked_host()
    g.white_label = white_label_to_read(db, host) if host is not None else None
    return g.white_label is not None


def _enter_white_label() -> Response | None:
    """An unknown host has no pages at all. What went wrong on arrival is told by a page like any other error."""
    if "arrived_with" in g:
        raise g.arrived_with
    if request.path.startswith(OPEN_TO_ANY_HOST):
        return None
    if g.white_label is None:
        return _nobody(asked_host())
    database.enter_scope(g.white_label.id)
    return None


def _nobody(host: str | None) -> Response:
    """Whoever tries a portal out on their own machine is told which hosts there are; nobody else is."""
    settings = current()
    if host not in THIS_MACHINE or settings.is_production:
        return plain_page(404 if host else 400)
    with database.reading(database.PLATFORM) as db:
        return plain_page(404, portals=[(each.name, settings.address(each.host)) for each in all_hosts(db)])


def _allow_a_long_file() -> None:
    """Only operator staff send numbers by the hundred thousand, and whoever is signed in papers of a port-in request
    and recordings; everybody else's requests stay short."""
    if not current_user.is_authenticated:
        return
    if request.endpoint == "operator_numbers.send_file" and g.white_label.is_operator:
        request.max_content_length = LONGEST_BODY + MOST_BYTES
    elif request.endpoint == "port_ins.add_document" and not g.white_label.is_operator:
        request.max_content_length = LONGEST_BODY + LARGEST_BYTES
    elif request.endpoint == "pbx_clips.upload" and not g.white_label.is_operator:
        request.max_content_length = LONGEST_BODY + LARGEST_SOUND


def _insist_on_new_password() -> AnyResponse | None:
    if g.white_label is None or request.endpoint in WHILE_PASSWORD_MUST_CHANGE or request.path in STYLE:
        return None
    if current_user.is_authenticated and current_user.must_change_password:
        return redirect("/password/change", 303)
    return None


def _serve(app: Flask, settings: Settings) -> None:
    @app.template_global()
    @cache
    def asset(file: str, endpoint: str = "static") -> str:
        """The address of a static file: the same for every request, and a page names a hundred."""
        return url_for(endpoint, filename=file)

    @app.after_request
    def finish(response: Response) -> Response:
        log.info("request", method=request.method, path=mask(request.path), status=response.status_code)
        return add_headers(response, secure=settings.is_secure)

    @app.teardown_request
    def leave_scope(error: BaseException | None) -> None:
        database.enter_scope(None)

    @app.context_processor
    def globals_of_pages() -> dict[str, Any]:
        signed_in = g.get("white_label") is not None and current_user.is_authenticated
        return {
            "brand": g.get("white_label"),
            "navigation": navigation() if signed_in else [],
            "role_label": role_label() if signed_in else "",
            "ours_are_suspended": signed_in and are_our_customers_suspended(),
        }


def _answer_errors(app: Flask) -> None:
    app.register_error_handler(Refusal, refusal_page)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(TooManyRequests, _too_often)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(InternalServerError, _crash)
    app.register_error_handler(Exception, _crash)


def _stale_form(error: CSRFError) -> Response:
    return error_page(400, "This form is too old", "Go back, reload the page and send it again.")


def _too_often(error: TooManyRequests) -> Response:
    return error_page(429, "Too many tries", "Wait a quarter of an hour and try again.")


def _http_error(error: HTTPException) -> Response:
    heading, text = HTTP_WORDS.get(error.code or 500, HTTP_WORDS[400])
    return error_page(error.code or 500, heading, text)


def _crash(error: Exception) -> Response:
    """What broke in a view, or on the way out, where Flask wraps it in an answer of its own."""
    return crash_page(getattr(error, "original_exception", None) or error)


HTTP_WORDS = {
    400: ("We could not read this request", "Go back, reload the page and try again."),
    404: (
        "There is no such page here",
        "The address may be mistyped, or the page belongs to an account you are not signed in to.",
    ),
    405: ("This address cannot be used that way", "Go back and use the buttons on the page."),
    413: ("This is too large", "Send less at once."),
}
