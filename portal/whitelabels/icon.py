"""The small picture on a browser's tab: the first letter of the white label on its colour."""

from markupsafe import Markup

from portal.whitelabels.colour import on_colour

ICON = Markup(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="{fill}"/>'
    '<text x="16" y="23" font-family="sans-serif" font-size="20" font-weight="700" text-anchor="middle" '
    'fill="{ink}">{letter}</text></svg>'
)


def icon_svg(name: str, colour: str) -> str:
    """The name is a person's words and is escaped; the colour was checked to be #rrggbb when it was stored."""
    return ICON.format(fill=colour, ink=on_colour(colour), letter=name.strip()[:1].upper())
