"""What of a WordPress site is no published article, and what a summary calls it."""

from collections.abc import Sequence

_TYPES = {
    "attachment": "an attachment",
    "revision": "a revision",
    "nav_menu_item": "a menu item",
    "wp_block": "a reusable block",
    "wp_navigation": "a menu",
    "wp_template": "a template",
    "wp_template_part": "a template",
    "wp_global_styles": "styles",
    "custom_css": "styles",
    "customize_changeset": "a change of the theme",
    "oembed_cache": "a cached embed",
}
_STATUSES = {
    "draft": "a draft",
    "auto-draft": "a draft",
    "pending": "a draft that waits for review",
    "private": "a private post",
    "future": "a post that is scheduled",
    "trash": "a post in the trash",
    "inherit": "an attachment or a revision",
    "protected": "a password-protected post",
}
_LONGEST_NAME = 40


def of_type(post_type: str, wanted: Sequence[str]) -> str:
    """Return what a post of this type is called if it is not ``wanted``; empty: it is. One without a type is a post."""
    name = post_type.strip() or "post"
    if name in wanted:
        return ""
    if name in _TYPES:
        return _TYPES[name]
    name = " ".join(name.split())[:_LONGEST_NAME]
    called = "a page" if name == "page" else f"a post of the type {name}"
    return f"{called}; --post-type {name} reads it"


def of_status(status: str) -> str:
    """Return what a post of this status is called if it is not published; empty: it is. One without a status is."""
    name = status.strip()
    if name in ("", "publish"):
        return ""
    return _STATUSES.get(name) or f"a post with the status {' '.join(name.split())[:_LONGEST_NAME]}"
