"""The shipped weights, fitted on the development corpora, and weights fitted with each corpus left out in turn.

The corpora are not part of the repository; their digests stand in the files' origin. Numbers are rounded to four
decimals, so that the files come out the same byte for byte.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.stats.significance import SEED
from eval.systems.tuning import Tuning
from eval.task.inputs import Feedback, Sources, from_sources, require_files
from eval.task.task import AsOf
from index.build import Bar, no_bar
from recommender.corpus.encoder import Encoder
from recommender.ranking.fitting import Example, fit
from recommender.ranking.ranker import Ranker

PRIOR = Ranker.from_weights({"closeness": (0.35, 0.0)}, -4.0, "before any data")
"""What holds where the data say nothing: that news ages is known, and no corpus without dates can teach it."""
WEIGHT = 500.0
"""Total weight of a corpus's examples, however many lists it has."""
PROSE = (
    "guide,glossary-definition,glossary-disambiguation,landing-page,learn-module,learn-module-chapter,"
    "learn-module-assessment,learn-faq,learn-topic,tutorial,tutorial-chapter,how-to,mdn-writing-guide,"
    "mdn-community-guide,web-api-overview"
)


@dataclass(frozen=True, slots=True)
class Source:
    """A development corpus: its file, how it is read, and the group that is left out as one."""

    name: str
    group: str
    as_of: AsOf
    curated_key: str = "related"
    only: str = ""

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.name}.jsonl.gz"


CORPORA = (
    Source("digitalgov", "gov", AsOf.PUBLISHED),
    Source("eighteenf", "gov", AsOf.PUBLISHED),  # shares articles with digitalgov: never one in each half
    Source("mdn", "mdn", AsOf.NONE, "related_noparent", f"page_type={PROSE}"),
    Source("optech_topics", "optech", AsOf.NONE),
)


@dataclass(frozen=True, slots=True)
class Lessons:
    """The training examples of one corpus, and the SHA-256 ``digest`` of its file."""

    source: Source
    digest: str
    examples: tuple[Example, ...]


def lessons(
    folder: Path, encoder: Encoder, cache: Path, bar: Bar = no_bar, on_corpus: Callable[[str], None] = lambda _: None
) -> list[Lessons]:
    """Return the training examples of every corpus in ``folder``. Raises EvaluationError naming a missing file."""
    require_files(folder / source.file for source in CORPORA)
    found = []
    for source in CORPORA:
        on_corpus(source.name)
        read = Sources([folder / source.file], cache, source.curated_key, only=source.only)
        inputs = from_sources(read, encoder, source.as_of, Feedback(bar))
        examples = Tuning(inputs.task, SEED).examples(None)
        weighed = tuple(Example(e.inputs, e.picked, WEIGHT / len(examples)) for e in examples)
        found.append(Lessons(source, inputs.about["sources"][source.file], weighed))
    return found


def fit_default(known: Sequence[Lessons], without: str = "") -> Ranker:
    """Return the ranker fitted to all ``known`` corpora but those of the group ``without``."""
    used = [each for each in known if each.source.group != without]
    examples = [example for each in used for example in each.examples]
    parts = [f"{each.source.name} ({len(each.examples)} lists, sha256 {each.digest[:12]})" for each in used]
    return fit(examples, PRIOR, "fitted on " + ", ".join(parts))


def groups() -> list[str]:
    """Return the groups of corpora that are left out in turn."""
    return list(dict.fromkeys(source.group for source in CORPORA))
