"""Bytes as an opened file, and what a reader makes of them."""

import io
from collections.abc import Callable, Iterator
from typing import Any

from recommender.articles import Record, parse_article
from recommender.errors import ArticleError
from recommender.sources.field_map import FieldMap
from recommender.sources.items import Entry, Item
from recommender.sources.opened import Opened, from_stream
from recommender.sources.options import ReadOptions

Reader = Callable[[Opened, ReadOptions], Iterator[Item]]


def source(data: bytes | str, name: str = "f") -> Opened:
    raw = data.encode("utf-8") if isinstance(data, str) else data
    return from_stream(io.BytesIO(raw), name)


def items(reader: Reader, data: bytes | str, name: str = "f", **options: Any) -> list[Item]:
    return list(reader(source(data, name), ReadOptions(**options)))


def entries(found: list[Item]) -> list[dict[str, Any]]:
    return [dict(item.fields) for item in found if isinstance(item, Entry)]


def errors(found: list[Item]) -> list[str]:
    return [str(item) for item in found if isinstance(item, ArticleError)]


def records(found: list[Item], **options: Any) -> list[Record]:
    chosen = ReadOptions(**options)
    names = FieldMap.of(chosen)
    return [
        parse_article(names.apply(item.fields), item.place, curated_key=chosen.curated_key)
        for item in found
        if isinstance(item, Entry)
    ]
