"""Where a demo keeps its things and which ports it takes."""

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from portal.kit.settings import Settings, root

LOOPBACK = "127.0.0.1"
OPERATOR_HOST = "operator.localhost"
NORTHWIND_HOST = "northwind.localhost"
KAURI_HOST = "kauri.localhost"


@dataclass(frozen=True)
class Places:
    """A folder, and four loopback ports."""

    folder: Path
    portal: int
    inbox: int
    smtp: int
    gateway: int

    @property
    def gateway_url(self) -> str:
        return f"http://{LOOPBACK}:{self.gateway}"

    @property
    def inbox_url(self) -> str:
        return f"http://{LOOPBACK}:{self.inbox}"

    def url(self, host: str, path: str = "/") -> str:
        return f"http://{host}:{self.portal}{path}"

    def settings(self) -> Settings:
        return Settings(
            database_url=f"sqlite:///{self.folder / 'portal.sqlite3'}",
            public_port=self.portal,
            gateway_api_base=self.gateway_url,
            checkout_origin=self.gateway_url,
            mail_port=self.smtp,
            mail_from="portal@harbour-switch.example",
            staff_factor="offered",
        )

    def environment(self) -> dict[str, str]:
        """The same, for the processes that the demo starts."""
        return {
            **os.environ,
            "PORTAL_ENV": "development",
            "DATABASE_URL": self.settings().database_url,
            "PORTAL_SCHEME": "http",
            "PORTAL_PUBLIC_PORT": str(self.portal),
            "STRIPE_API_BASE": self.gateway_url,
            "STRIPE_CHECKOUT_ORIGIN": self.gateway_url,
            "MAIL_SERVER": LOOPBACK,
            "MAIL_PORT": str(self.smtp),
            "MAIL_FROM": self.settings().mail_from,
            "PORTAL_STAFF_FACTOR": self.settings().staff_factor,
        }


def default_folder() -> Path:
    return root() / "instance" / "demo"


def data_environment() -> dict[str, str]:
    """Leads a command to the data of the demo, whatever the environment says else."""
    settings = Places(default_folder(), portal=8000, inbox=8025, smtp=1025, gateway=4242).settings()
    return {
        "PORTAL_ENV": "development",
        "DATABASE_URL": settings.database_url,
        "PLATFORM_DATABASE_URL": "",
        "PORTAL_PUBLIC_PORT": str(settings.public_port),
        "PORTAL_STAFF_FACTOR": settings.staff_factor,
    }


def choose(folder: Path, *, port: int, say: Callable[[str], None]) -> Places:
    """Take the usual ports, or the next free ones; each that is busy is said."""
    taken: set[int] = set()

    def free(wanted: int, what: str) -> int:
        for candidate in [*range(wanted, wanted + 50), 0]:
            found = _bindable(candidate)
            if found is not None and found not in taken:
                taken.add(found)
                if found != wanted:
                    say(f"Port {wanted} is busy; {what} takes {found}.")
                return found
        raise OSError("no free port")

    return Places(
        folder,
        free(port, "the portal"),
        free(8025, "the inbox"),
        free(1025, "the mail sink"),
        free(4242, "the gateway sandbox"),
    )


def anywhere(folder: Path) -> Places:
    """Four free ports, whichever they are."""
    found: set[int] = set()
    while len(found) < 4:
        port = _bindable(0)
        if port is not None:
            found.add(port)
    return Places(folder, *found)


def _bindable(port: int) -> int | None:
    with socket.socket() as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return None
        return int(probe.getsockname()[1])
