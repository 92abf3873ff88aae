"""The option ``--only``: which articles an evaluation looks at."""

from collections import Counter

from eval.task.lines import Warn, some
from recommender.articles import Article
from recommender.errors import EvaluationError, shown

SHOWN = 5
"""Most values of a key that an error or a warning names."""


class Only:
    """A filter ``KEY=VALUE,VALUE``, or empty for all articles; it counts the values it has seen, for ``check``.

    A key is ``section``, ``language`` or any further key of the input. Raises EvaluationError if it is not like that.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        key, equals, values = text.partition("=")
        self._key = key.strip()
        self._allowed = {value.strip() for value in values.split(",")} - {""}
        self._seen: Counter[str] = Counter()
        if text and (not equals or not self._key or not self._allowed):
            raise EvaluationError(f"--only {text!r}: expected KEY=VALUE, or KEY=VALUE,VALUE")

    def fits(self, article: Article) -> bool:
        """Say whether ``article`` is to be evaluated, and count its value."""
        if not self._text:
            return True
        own = self._key in ("section", "language")
        value = getattr(article, self._key) if own else article.extra.get(self._key)
        self._seen["" if value is None else str(value)] += 1
        return str(value) in self._allowed

    def check(self, warn: Warn) -> None:
        """Warn of values that no article had. Raises EvaluationError if none of the values was there; call it last."""
        missing = sorted(value for value in self._allowed if not self._seen[value])
        if not self._seen or not missing:
            return
        if len(missing) == len(self._allowed):
            count = self._seen.total()
            raise EvaluationError(f"--only {self._text!r}: fits none of the {count:,} articles; {self._there()}")
        warn(f"--only {self._text!r}: no article has {some(missing)}; {self._there()}")

    def _there(self) -> str:
        found = [value for value, _ in self._seen.most_common() if value]
        if not found:
            return f"none has a {self._key}"
        more = ", …" if len(found) > SHOWN else ""
        return f"{self._key} is {', '.join(map(shown, found[:SHOWN]))}{more}"
