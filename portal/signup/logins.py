"""Login names that a person might have, made from their name and their company's domain."""

import re
import unicodedata

from portal.kit.world import read_domain, show_domain


def suggestions(display_name: str, domain: str) -> list[str]:
    """Likeliest first, such as `dora.quist@birch.example`; none without a domain."""
    try:
        domain = show_domain(read_domain(domain))
    except ValueError:
        return []
    names = _plain(display_name).split()
    locals_ = [".".join((names[0], names[-1])), names[0], f"{names[0][:1]}{names[-1]}"] if len(names) > 1 else names
    return list(dict.fromkeys(f"{local}@{domain}" for local in (*locals_, "info")))


def _plain(name: str) -> str:
    """Small ASCII letters and spaces: what most mail systems make of a name."""
    bare = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z ]", "", bare)
