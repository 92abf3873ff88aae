"""Simple drawings for articles without a picture that can be shown: a scene by section, arranged by id.

Drawn here, so that they belong to nobody else, need no request and follow the page's colours. They hold no text of an
article, only numbers made from a digest of its section and id.
"""

from functools import cache
from importlib.resources import files

from markupsafe import Markup

from recommender.text import sha256

SECTIONS = {  # a scene, and the sections that it is for; any other section has one by its digest
    "quay": ("business", "economy", "finance", "money", "work", "jobs"),
    "town": ("local", "community", "housing", "life", "lifestyle"),
    "stage": ("culture", "arts", "entertainment", "theatre", "music", "film", "books"),
    "river": ("environment", "nature", "climate", "science", "outdoors", "travel"),
    "pitch": ("sport", "sports", "football", "games"),
    "hall": ("politics", "government", "council", "policy"),
    "school": ("education", "schools", "learning", "health"),
    "talk": ("opinion", "comment", "letters", "blog", "editorial"),
    "scales": ("courts", "court", "crime", "law", "justice"),
    "globe": ("", "world", "international", "foreign", "news"),
    "page": ("documents", "report", "research", "guides"),
}
_SCENE_OF = {section: scene for scene, sections in SECTIONS.items() for section in sections}
PALETTES = 6
"""Colours of the stylesheet: classes p0 to p5."""


def picture(section: str | None, identity: str, kind: str = "") -> Markup:
    """Return the drawing of an article of ``section`` as inline SVG, the same every time; ``kind`` is a CSS class."""
    by_section, by_id = (int(sha256(text)[:12], 16) for text in (section or "", identity))
    names = list(SECTIONS)
    scene = _SCENE_OF.get((section or "").casefold()) or names[by_section % len(names)]
    palette = (names.index(scene) + by_section) % PALETTES
    left, height, mirrored = 18 + by_id % 124, 14 + by_id // 124 % 18, by_id // 4_096 % 2
    group = '<g transform="matrix(-1 0 0 1 160 0)">' if mirrored else "<g>"
    return Markup(  # noqa: S704 - made of constants and numbers
        f'<svg class="picture p{palette} {kind}" viewBox="0 0 160 90" preserveAspectRatio="xMidYMid slice"'
        f' aria-hidden="true" focusable="false"><path class="k0" d="M0 0h160v90H0z"/>'
        f'<circle class="k1" cx="{left}" cy="{height}" r="{8 + by_id % 5}"/>{group}{_drawing(scene)}</g></svg>'
    )


@cache
def _drawing(scene: str) -> str:
    """Return what is inside the file of ``scene``: shapes on 160 by 90, whose classes are the palette's colours."""
    lines = (files(__package__) / "scenes" / f"{scene}.svg").read_text(encoding="utf-8").splitlines()
    return "".join(lines[1:-1])
