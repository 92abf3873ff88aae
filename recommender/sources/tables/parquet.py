"""Reader of Parquet files, batch by batch. It needs pyarrow, which is not installed by default."""

import shutil
import tempfile
from collections.abc import Iterator
from typing import Any

from recommender.errors import ArticleError, SourceError
from recommender.sources.items import Entry, Item, Note
from recommender.sources.opened import Opened
from recommender.sources.options import ReadOptions
from recommender.sources.tables.columns import Columns, plain_value

MAGIC = b"PAR1"
_BATCH = 32
"""Rows that are held in memory, besides what pyarrow holds of a row group."""
_CHUNK = 1024**2
_MAX_METADATA = 256 * 1024**2
"""Bytes of one text in the metadata, and their number."""


def fits(source: Opened) -> bool:
    """Say whether ``source`` begins as Parquet files do."""
    return source.head.startswith(MAGIC)


def read(source: Opened, options: ReadOptions) -> Iterator[Item]:
    """Yield an Entry for each row; the place counts rows from 1.

    Nulls are None, structs objects, lists lists, dates ISO 8601; times without a zone are taken as UTC, and a Note says
    so. Raises SourceError where pyarrow is not installed, the file is damaged, or two columns have one name.
    """
    try:
        import pyarrow  # type: ignore[import-untyped]
        import pyarrow.parquet as parquet  # type: ignore[import-untyped]
    except ImportError:
        told = "reading Parquet needs pyarrow: pip install 'related-articles[parquet]'"
        raise SourceError(told, source.place) from None
    problems = (pyarrow.ArrowException, OSError, ValueError, TypeError, MemoryError, OverflowError, NotImplementedError)
    with tempfile.TemporaryFile() as file:  # the index stands at the end, and what is opened is a stream
        shutil.copyfileobj(source.file, file, _CHUNK)
        number = 0
        try:
            table = parquet.ParquetFile(
                file,
                thrift_string_size_limit=_MAX_METADATA,
                thrift_container_size_limit=_MAX_METADATA,
                buffer_size=_CHUNK,
                pre_buffer=False,
            )
            columns = Columns(table.schema_arrow.names, options, source.place)
            yield from _notes(table.schema_arrow, pyarrow.types, source.place)
            for batch in table.iter_batches(batch_size=_BATCH, use_threads=False):
                for values in _rows(batch, pyarrow):
                    number += 1
                    yield _item(values, columns, f"{source.place}: row {number:,}")
        except problems as error:
            reason = " ".join(str(error).split())[:300]
            raise SourceError(f"the Parquet file is damaged behind row {number:,} ({reason})", source.place) from None


def _item(values: list[Any] | str, columns: Columns, place: str) -> Item:
    if isinstance(values, str):
        return ArticleError(values, place)
    return Entry(columns.fields([plain_value(value) for value in values]), place)


def _notes(schema: Any, types: Any, place: str) -> Iterator[Note]:  # noqa: ANN401 - pyarrow's
    without_zone = [field.name for field in schema if types.is_timestamp(field.type) and field.type.tz is None]
    if without_zone:
        yield Note(f"the times of {', '.join(without_zone)} have no zone: they are taken as UTC", place)
    binary = [field.name for field in schema if types.is_binary(field.type) or types.is_large_binary(field.type)]
    if binary:
        yield Note(f"{', '.join(binary)} holds bytes: what is UTF-8 of them is read as text", place)


def _rows(batch: Any, pyarrow: Any) -> Iterator[list[Any] | str]:  # noqa: ANN401 - pyarrow's
    """Yield the values of each row, or what is wrong with it."""
    arrays = [_in_microseconds(array, pyarrow) for array in batch.columns]
    for row in range(batch.num_rows):
        try:
            yield [array[row].as_py() for array in arrays]
        except (ValueError, OverflowError, pyarrow.ArrowException) as error:
            yield f"the row cannot be read ({' '.join(str(error).split())[:200]})"


def _in_microseconds(array: Any, pyarrow: Any) -> Any:  # noqa: ANN401 - pyarrow's
    """Times as Python has them: nanoseconds are cut, and a zone becomes UTC."""
    if not pyarrow.types.is_timestamp(array.type):
        return array
    zone = None if array.type.tz is None else "UTC"
    return array.cast(pyarrow.timestamp("us", tz=zone), safe=False)
