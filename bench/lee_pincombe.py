"""Fifty short news stories, every pair of them judged by people: do our scores order the pairs as people did?

Lee, Pincombe & Welsh (2005), "An empirical evaluation of models of text document similarity": 1,225 pairs, each
judged several times; raters correlate with one another by about .6, and so did the best model of the time with
them. The two files come in the test data of gensim, whose installed copy is read unless a folder is given; neither
is kept here. Writes eval/results/pairs/lee_pincombe.json unless told otherwise.
"""

import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import numpy as np
import orjson
import typer

from eval.studies.pairs import evaluate_files, pairs_table
from eval.task.inputs import Sources
from recommender import cli_support
from recommender.corpus.encoder import PACKAGED_MODEL, make_encoder
from recommender.errors import EvaluationError

STORIES, JUDGEMENTS = "lee.cor", "similarities0-1.txt"
COUNT = 50
RESULT = Path(__file__).parent.parent / "eval" / "results" / "pairs" / "lee_pincombe.json"


def main(
    data: Annotated[Path | None, typer.Option(help=f"Folder of {STORIES} and {JUDGEMENTS}.")] = None,
    out: Annotated[Path, typer.Option(help="File for the figures.")] = RESULT,
    model: Annotated[str, typer.Option(help="Embedding model: name, folder, or `hash`.")] = PACKAGED_MODEL,
) -> None:
    """Evaluate on the judged pairs, print the table, and write the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        articles, pairs = write_inputs(data or gensim_data(), folder)
        document = evaluate_files(Sources([articles], folder), pairs, make_encoder(model))
    cli_support.out.print(pairs_table(document))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def gensim_data() -> Path:
    """Return the folder of the installed gensim's test data, without importing it."""
    spec = find_spec("gensim")
    if spec is None or spec.origin is None:
        raise EvaluationError("gensim is not installed: give the folder of the two files with --data")
    return Path(spec.origin).parent / "test" / "test_data"


def write_inputs(data: Path, folder: Path) -> tuple[Path, Path]:
    """Write articles.jsonl and pairs.jsonl into ``folder`` from the two files in ``data``.

    The stories are one a line, in Latin-1, without titles; the judgements a 50 × 50 matrix whose upper triangle
    holds the mean judgement of each pair, 0.2 to 1. Raises EvaluationError if a file is missing or not like that.
    """
    try:
        lines = (data / STORIES).read_bytes().decode("latin-1").split("\n")
        matrix = np.loadtxt(data / JUDGEMENTS)
    except (OSError, ValueError) as error:
        raise EvaluationError(f"{data}: {STORIES} or {JUDGEMENTS} cannot be read ({error})") from error
    stories = [line for line in lines if line.strip()]
    if len(stories) != COUNT or matrix.shape != (COUNT, COUNT):
        raise EvaluationError(f"{data}: {len(stories)} stories and judgements {matrix.shape}, expected 50 and (50, 50)")
    ids = [f"lee-{i:02}" for i in range(1, COUNT + 1)]
    articles, pairs = folder / "articles.jsonl", folder / "pairs.jsonl"
    _write(articles, [{"id": identity, "body": text} for identity, text in zip(ids, stories, strict=True)])
    upper = zip(*np.triu_indices(COUNT, k=1), strict=True)
    _write(pairs, [{"a": ids[i], "b": ids[j], "score": float(matrix[i, j])} for i, j in upper])
    return articles, pairs


def _write(path: Path, items: list[dict[str, object]]) -> None:
    path.write_bytes(b"".join(orjson.dumps(item, option=orjson.OPT_APPEND_NEWLINE) for item in items))


if __name__ == "__main__":
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(main)
    cli_support.main(app)
