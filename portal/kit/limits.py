"""How often an address, a login or a tenant may try something. Storage is a setting: memory, or Redis for several."""

from flask import request
from flask_limiter import Limiter


def remote_address() -> str:
    """The peer's address; forwarded addresses count only as far as trusted proxies are configured."""
    return request.remote_addr or "unknown"


def login_from_address() -> str:
    """One login tried from one address, so that a stranger cannot lock the owner out."""
    login = request.form.get("login_name", "").strip().casefold()[:254]
    return f"{request.host}|{login}|{remote_address()}"


limiter = Limiter(key_func=remote_address, default_limits=[], headers_enabled=False)
