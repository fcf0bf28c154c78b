"""Structured logs on standard error. Tokens in paths are masked, and nobody can write a line end into them."""

import logging
import re
import sys
import traceback

import structlog

from portal.kit.settings import Settings

_SECRETS = (
    "activate|invitations|pay|hand-over|password/set|password/reset|profile/address|webhooks/stripe|webhooks/mail"
)
_SECRET_PATH = re.compile(rf"^(/(?:{_SECRETS})/).+")
_SECRET_WITHIN = re.compile(rf"(?:/|%2F)(?:{_SECRETS.replace('/', '(?:/|%2F)')})(?:/|%2F).*", re.IGNORECASE | re.DOTALL)


def mask(path: str) -> str:
    """The path with whatever works like a key replaced."""
    return _SECRET_PATH.sub(r"\1…", path)


def traceback_of(error: BaseException, path: str) -> str:
    """The traceback of what went wrong at a path, with whatever in the path works like a key replaced in it, too."""
    words = "".join(traceback.format_exception(error))
    found = _SECRET_PATH.match(path)
    return words.replace(path[found.end(1) :], "…") if found is not None else words


def without_links(words: str) -> str:
    """What somebody else wrote, cut where a link of ours begins: mail servers quote the letter that they refuse."""
    return _SECRET_WITHIN.sub("/…", words)


def set_up_logs(settings: Settings) -> None:
    """JSON lines: control characters of a logged value are escaped by the format itself."""
    level = logging.INFO if settings.is_production else logging.WARNING
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
