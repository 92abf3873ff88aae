"""The command ``related-eval footers``: whether text that many articles share changes what is related."""

from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.table import Table

from eval.report.files import check_file, write_whole
from eval.studies.footers import BODY_WORDS, FOOTER_WORDS, SHARES, Cell, footers
from recommender import cli_support
from recommender.articles import Record
from recommender.cli_support import Model
from recommender.corpus.encoder import make_encoder
from recommender.sources import read


def footers_command(
    *,
    model: Model,
    articles: Annotated[list[Path], typer.Option(help="Files or folders of articles, of which a few dozen will do.")],
    out: Annotated[Path | None, typer.Option(help="Write the figures into this file, as JSON.")] = None,
) -> None:
    """Give articles a common footer, and say how many places of their lists stay as they were without it."""
    if out is not None:
        check_file("--out", out)
    cli_support.check_sources(articles)
    encoder = make_encoder(model)
    items = []
    for item in read(articles):
        if isinstance(item, Record):
            items.append(item.article)
        else:
            cli_support.warn(str(item.error))
    with cli_support.item_bar("building", len(SHARES) * len(FOOTER_WORDS) * len(BODY_WORDS)) as progress:
        cells = footers(items, encoder, progress)
    if out is not None:
        document = {"model": f"{encoder.name}@{encoder.revision}", "cells": [cell.to_json() for cell in cells]}
        write_whole({out: orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)})
    cli_support.out.print(_table(cells))


def _table(cells: list[Cell]) -> Table:
    """Return the lowest share of equal places: a row a body length, a column a footer length and share of articles."""
    columns = [(words, share) for words in FOOTER_WORDS for share in SHARES]
    by_place = {(cell.body_words, cell.footer_words, cell.share): cell.least for cell in cells}
    table = Table("body", *(f"{words}, {share:.0%}" for words, share in columns), box=None)
    table.caption = "words of the bodies; words of the footer and share of articles that carry it"
    for body in BODY_WORDS:
        table.add_row(f"{body}", *(f"{by_place[body, *column]:.3f}" for column in columns))
    return table
