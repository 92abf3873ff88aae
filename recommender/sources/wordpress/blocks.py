"""Reusable blocks of WordPress: an article only names them, and their text is an item of its own in the export."""

import re
from collections.abc import Iterator
from dataclasses import replace

from recommender.sources.items import Entry

MAX_KEPT = 32 * 1024**2
"""Characters of blocks that are remembered, and of articles that wait for theirs."""
MAX_FILLED = 4 * 1024**2
"""Characters that the blocks of one article may come to."""
_MAX_NESTED = 5
_REFERENCE = re.compile(r'<!--\s{1,5}wp:block\s{1,5}\{\s{0,5}"ref"\s{0,5}:\s{0,5}(\d{1,18})[^<>]{0,2000}/?-->')


class Blocks:
    """The blocks of one export, and the articles that wait for some of them."""

    def __init__(self) -> None:
        self._blocks: dict[str, str] = {}
        self._kept = 0
        self._waiting: list[Entry] = []
        self._held = 0

    def learn(self, number: str, content: str) -> None:
        """Remember the block of this id."""
        self._kept += len(content)
        if self._kept <= MAX_KEPT:
            self._blocks[number] = content

    def filled(self, entry: Entry) -> Iterator[Entry]:
        """Yield ``entry`` with its blocks, or nothing yet if one of them may still come."""
        body = entry.fields.get("body", "")
        missing = [number for number in _REFERENCE.findall(body) if number not in self._blocks]
        if missing and self._held + len(body) <= MAX_KEPT:
            self._held += len(body)
            self._waiting.append(entry)
        else:
            yield self._fill(entry)

    def rest(self) -> Iterator[Entry]:
        """Yield the articles that waited, at the end of the export."""
        yield from map(self._fill, self._waiting)
        self._waiting = []

    def _fill(self, entry: Entry) -> Entry:
        body = entry.fields.get("body", "")
        if not _REFERENCE.search(body):
            return entry
        missing: dict[str, None] = {}
        for _ in range(_MAX_NESTED):
            body, changed = self._once(body, missing)
            if not changed:
                break
        notes = tuple(f"reusable block {number} is not in the file: its text is missing" for number in missing)
        return replace(entry, fields={**entry.fields, "body": body}, notes=(*entry.notes, *notes[:10]))

    def _once(self, body: str, missing: dict[str, None]) -> tuple[str, bool]:
        left = MAX_FILLED

        def block(found: re.Match[str]) -> str:
            nonlocal left
            content = self._blocks.get(found[1])
            if content is None:
                missing[found[1]] = None
                return ""
            left -= len(content)
            return f"\n\n{content}\n\n" if left >= 0 else ""

        return _REFERENCE.subn(block, body)[0], left != MAX_FILLED
