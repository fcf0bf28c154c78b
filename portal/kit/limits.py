"""How often an address, a login or a tenant may try something. Storage is a setting: memory, or Redis for several."""

from flask import request
from flask_limiter import Limiter

from portal.kit.forms import stripped
from portal.kit.web import asked_host


def remote_address() -> str:
    """The peer's address; forwarded addresses count only as far as trusted proxies are configured."""
    return request.remote_addr or "unknown"


def login_from_address() -> str:
    """One login tried from one address, so that a stranger cannot lock the owner out.

    Host and login are read as the pages read them: another port, or other letters for the same, is no new try.
    """
    login = stripped(request.form.get("login_name", "")).casefold()[:254]
    return f"{asked_host()}|{login}|{remote_address()}"


limiter = Limiter(key_func=remote_address, default_limits=[], headers_enabled=False)
