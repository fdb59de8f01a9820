"""Every pair of colours that text or a border is drawn with can be told apart, in light and in dark."""

import math
import re
from pathlib import Path

import pytest

CSS = Path(__file__).parents[1] / "static" / "core" / "css"

GROUNDS = ("sheet", "canvas", "raised", "well", "hover")
READ = [  # (text, ground): 4.5 : 1
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3", "petrol") for ground in GROUNDS),
    *((ink, "petrol-tint") for ink in ("ink", "ink-2", "ink-3", "petrol", "petrol-deep")),
    *((ink, "petrol-tint-2") for ink in ("ink", "ink-2", "petrol-deep")),
    ("on-petrol", "petrol"),
    ("on-petrol", "petrol-deep"),
    ("on-now", "now"),
    *(("now", ground) for ground in ("sheet", "canvas", "raised", "now-tint")),
    *(("honey", ground) for ground in ("sheet", "canvas", "raised", "honey-tint")),
    *(("leaf", ground) for ground in ("sheet", "canvas", "raised", "leaf-tint")),
    *(("ink", ground) for ground in ("now-tint", "honey-tint", "leaf-tint", "heat-0", "heat-1")),
    ("ink-2", "honey-tint"),
    ("sheet", "ink"),
]
SEEN = [("edge", ground) for ground in ("sheet", "canvas", "raised", "well")] + [("petrol", "sheet")]  # 3 : 1


@pytest.fixture(scope="module")
def tokens():
    text = (CSS / "tokens.css").read_text(encoding="utf-8")
    number = r"oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)"
    found = re.findall(rf"--([\w-]+):\s*light-dark\({number},\s*{number}\)", text)
    return {name: (_luminance(*map(float, rest[:3])), _luminance(*map(float, rest[3:]))) for name, *rest in found}


@pytest.mark.parametrize(("pairs", "least"), [(READ, 4.5), (SEEN, 3.0)])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_pair_can_be_told_apart(tokens, pairs, least, theme):
    side = 0 if theme == "light" else 1
    found = {pair: round(_contrast(tokens[pair[0]][side], tokens[pair[1]][side]), 2) for pair in pairs}
    assert {pair: ratio for pair, ratio in found.items() if ratio < least} == {}


def _contrast(one, other):
    high, low = max(one, other), min(one, other)
    return (high + 0.05) / (low + 0.05)


def _luminance(lightness, chroma, hue):
    """Of an oklch colour, by way of linear sRGB cut to its gamut (WCAG 2)."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short
    red, green, blue = (min(1.0, max(0.0, part)) for part in (red, green, blue))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
