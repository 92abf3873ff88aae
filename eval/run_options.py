"""The options of ``related-eval run``, and the checks of them before any work."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.compare.compare import check_base, check_margin, parse_fail_under
from eval.compare.gate import Bounds, check_floors
from eval.report.files import check_folder
from eval.report.saved import read_results
from eval.systems.systems import check_cut, check_names
from eval.task.inputs import Sources
from eval.task.task import AsOf
from recommender import cli_support
from recommender.errors import EvaluationError
from recommender.settings import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """The options of ``related-eval run`` by their names, as typed; its help says what each does."""

    model: str | None
    out: Path
    articles: Sequence[Path] | None
    store: Path | None
    curated_key: str
    blank_anchors: bool
    only: str
    ranker: Path | None
    as_of: AsOf
    systems: str
    runs: Sequence[str] | None
    judgements: Path | None
    k: int
    ablation: bool
    curve: bool
    beyond: bool
    cache: Path | None
    fail_under: Sequence[str] | None
    no_worse_than: Path | None
    margin: float

    @property
    def names(self) -> list[str]:
        """The names of the systems to compare."""
        return [name.strip() for name in self.systems.split(",") if name.strip()]

    @property
    def sources(self) -> Sources:
        """What ``--articles`` names, and how it is read."""
        cache = self.cache or settings().store / "eval"
        return Sources(self.articles or (), cache, self.curated_key, self.blank_anchors, self.only)

    @property
    def bounds(self) -> Bounds:
        """What the report must keep within. Raises EvaluationError on a floor that is not of its form."""
        floors = [parse_fail_under(text) for text in self.fail_under or ()]
        return Bounds(floors, self.no_worse_than, self.margin)

    def check(self) -> None:
        """Raise EvaluationError or SourceError on options that do not go together or a place that cannot be used."""
        if (self.articles is None) == (self.store is None):
            raise EvaluationError("say either --articles FILE or --store DIR")
        check_names(self.names)
        check_cut(self.k)
        if self.store is not None and (self.blank_anchors or self.curated_key != "related" or self.cache or self.only):
            raise EvaluationError(
                "--blank-anchors, --curated-key, --only and --cache go with --articles, not with --store"
            )
        if self.no_worse_than is not None:
            self._check_base(self.no_worse_than)
        check_folder("--out", self.out)
        if self.articles:
            cli_support.check_sources(self.articles)
            check_folder("--cache", self.sources.cache)
        check_floors(self.bounds.floors, self.names, self.k, judged=self.judgements is not None)
        check_margin(self.margin)

    def _check_base(self, report: Path) -> None:
        base = read_results(report)
        check_base(base, self.as_of.value, self.k)
        if base.folder.resolve() == self.out.resolve():
            raise EvaluationError(f"--no-worse-than {report}: this report would be overwritten by --out {self.out}")
