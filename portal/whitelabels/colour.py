"""A brand colour's readable companions, by the same arithmetic as theme.css (WCAG 2.2 relative luminance)."""

import re

BLACK, WHITE = "#000000", "#ffffff"
FLIP = 0.179
TEXT_ON_WHITE = 0.145
WRITTEN = re.compile(r"#[0-9a-f]{6}")


def read_colour(words: str) -> str:
    """A colour as #rrggbb. It goes into a style sheet as it stands, so nothing else may be stored."""
    text = words.strip().casefold()
    if not WRITTEN.fullmatch(text):
        raise ValueError("Write a colour as # and six hexadecimal figures, such as #0d5c63.")
    return text


def on_colour(colour: str) -> str:
    """Black or white, whichever reads on the colour."""
    return WHITE if luminance(colour) < FLIP else BLACK


def text_colour(colour: str) -> str:
    """The colour itself, or dimmed until it reads as words on white."""
    y = luminance(colour)
    return _hex([channel * min(1.0, TEXT_ON_WHITE / max(y, 0.0001)) for channel in _linear(colour)])


def luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def letter_css(template: str, colour: str) -> str:
    """The letter's style with this brand in place of the sample's two colours."""
    fill = template.replace("background: #0d5c63; color: #ffffff", f"background: {colour}; color: {on_colour(colour)}")
    return fill.replace("#0d5c63", text_colour(colour))


def _linear(colour: str) -> list[float]:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def _hex(linear: list[float]) -> str:
    shown = [12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055 for part in linear]
    return "#" + "".join(f"{int(part * 255):02x}" for part in shown)
