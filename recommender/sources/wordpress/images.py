"""Featured images of a WordPress export: a post has the number of an attachment, which is an item of its own."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace

import orjson

from recommender.sources.items import Entry

THUMBNAIL = "_thumbnail_id"
"""The post meta with the number, and the field of an entry until its image is known."""
MAX_IMAGES = 500_000
"""Attachments that are remembered."""
MAX_ADDRESS = 2_048
IN_MEMORY = 16 * 1024**2
"""Bytes of articles that wait in memory for an attachment behind them; more wait in a temporary file."""


class Images:
    """The images of one export, and the articles that wait for theirs."""

    def __init__(self) -> None:
        self._addresses: dict[str, str] = {}
        self._waiting = tempfile.SpooledTemporaryFile(IN_MEMORY)

    def learn(self, number: str, address: str) -> None:
        """Remember the attachment of this number."""
        if address and len(address) <= MAX_ADDRESS and len(self._addresses) < MAX_IMAGES:
            self._addresses[number] = address

    def filled(self, entry: Entry) -> Iterator[Entry]:
        """Yield ``entry`` with its image, or nothing yet if that may still come."""
        number = entry.fields.get(THUMBNAIL, "")
        if not number or number in self._addresses or not self._keep(entry):
            yield self._fill(entry)

    def rest(self) -> Iterator[Entry]:
        """Yield the articles that waited, at the end of the export; one whose image is not in it has none."""
        self._waiting.seek(0)
        for line in self._waiting:
            fields, place, notes = orjson.loads(line)
            yield self._fill(Entry(fields, place, tuple(notes)))
        self._waiting.close()

    def _keep(self, entry: Entry) -> bool:
        try:
            self._waiting.write(orjson.dumps([entry.fields, entry.place, entry.notes]) + b"\n")
        except orjson.JSONEncodeError:
            return False
        return True

    def _fill(self, entry: Entry) -> Entry:
        fields = {name: value for name, value in entry.fields.items() if name != THUMBNAIL}
        if address := self._addresses.get(entry.fields.get(THUMBNAIL, "")):
            fields["image"] = address
        return replace(entry, fields=fields)
