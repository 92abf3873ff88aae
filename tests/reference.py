"""The query path once more, in plain loops and dense float64 algebra, to compare the product with.

It shares no code with the product's path: signals, ranks, candidates and lists are made anew from a snapshot's
arrays and cards. Only the ranker's weights are the product's own.
"""

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.utils import murmurhash3_32

from index.store.snapshot import Snapshot
from recommender.articles import url_key
from recommender.articles.card import Card
from recommender.errors import ArticleError

POOL = 200
LISTED = 50
ABSOLUTE = ("listed_by_neighbours", "lists_neighbours", "list_popularity")
"""The signals that count as they are; the others by where in the pool they stand."""

Dense = npt.NDArray[np.float64]
Table = dict[str, list[float]]


class Reference:
    """One snapshot, spelled out: dense rows of terms, decoded passages, lists as sets of rows."""

    def __init__(self, snapshot: Snapshot) -> None:
        corpus = snapshot.corpus
        self.snapshot = snapshot
        self.cards = corpus.cards
        self.story = stories(snapshot)
        self.fused = np.asarray(corpus.fused, dtype=np.float64)
        self.whole = dense(corpus.terms.whole)
        told = corpus.fingerprints
        self.words = [set(told.words[a:b].tolist()) for a, b in pairwise(told.ends.tolist())]
        holders = Counter(word for words in self.words for word in words)
        self.rarity = {word: 1 + math.log((101 + len(self.words)) / (1 + count)) for word, count in holders.items()}
        self.compared: dict[frozenset[int], bool] = {}
        self.names = dense(corpus.terms.short[2::4])
        self.brief = self._brief()
        self.title = self._title()
        self.tags = tag_rows([card.tags for card in self.cards])
        quantized = corpus.quantized
        decoded = (
            np.asarray(quantized.codes, dtype=np.float64) * np.asarray(quantized.scales, dtype=np.float64)[:, None]
        )
        vectors = [decoded[a:b] for a, b in zip(quantized.ends[:-1], quantized.ends[1:], strict=True)]
        self.views = [of[:3] for of in vectors]
        self.passages = [of[3:] for of in vectors]
        self.lists = resolved(snapshot)
        self.editors = {row: {owner for owner in self.lists if row in self.lists[owner]} for row in self.lists}

    def pool(
        self, query: int, barred: frozenset[int] = frozenset(), limit: int = 0, taken: Sequence[int] = ()
    ) -> list[int]:
        """Return the nearest neighbours, then what most of them listed; as many as tell ``limit`` stories."""
        mine = self.story[query]
        rows = [row for row in range(len(self.cards)) if self.story[row] != mine and row not in barred]
        similar = {row: float(np.float32(self.fused[row] @ self.fused[query])) for row in rows}
        rows.sort(key=lambda row: (-similar[row], row))
        size = max(POOL, limit)
        found = self._pool(query, rows, similar, size)
        while size < len(rows) and len(self.told(query, found, taken)) < limit:
            size *= 4
            found = self._pool(query, rows, similar, size)
        return found

    def _pool(self, query: int, rows: Sequence[int], similar: dict[int, float], size: int) -> list[int]:
        nearest, others = list(rows[:size]), set(rows[size:])
        votes: dict[int, list[float]] = {}
        for row, weight in zip(nearest, nearness([similar[row] for row in nearest]), strict=True):
            for target in self.lists[row] & others:
                votes.setdefault(target, []).append(weight)
        return nearest + sorted(votes, key=lambda row: (-math.fsum(votes[row]), row))[:LISTED]

    def table(self, query: int, rows: Sequence[int]) -> Table:
        """Return every signal of every one of ``rows``, by name; NaN where it is not known."""
        title, teaser, body = range(3)
        words, mine, story = self.whole[query], self.cards[query], self.story[query]
        fused = [float(self.fused[row] @ self.fused[query]) for row in rows]
        near = dict(zip(rows, nearness(fused), strict=True))
        days = [days_between(mine, self.cards[row]) for row in rows]
        relevance = [1 / (1 + math.exp(1 - 2 * z)) for z in z_scores(fused)]
        listed = self.has_lists(query)

        def each(signal: Callable[[int], float]) -> list[float]:
            return [signal(row) for row in rows]

        return {
            "tfidf": each(lambda row: float(self.whole[row] @ words)),
            "fused": fused,
            "body_body": each(lambda row: cosine(self.views[query][body], self.views[row][body])),
            "body_teaser": each(lambda row: cosine(self.views[query][body], self.views[row][teaser])),
            "passage_passage": each(lambda row: best(self.passages[query], self.passages[row])),
            "passage_title": each(lambda row: best(self.passages[query], self.views[row][[title]])),
            "brief_in_text": each(lambda row: float(self.brief[row] @ words)),
            "title_in_text": each(
                lambda row: float(self.title[row][words > 0].sum()) if self.title[row].any() else math.nan
            ),
            "names": each(lambda row: cosine(self.names[query], self.names[row])),
            "tags": each(lambda row: cosine(self.tags[query], self.tags[row])),
            "section": each(lambda row: alike(mine.section, self.cards[row].section)),
            "closeness": [-math.log(1 + apart) for apart in days],
            "same_year": [math.exp(-apart / 365.25) for apart in days],
            "listed_by_neighbours": each(
                lambda row: votes(near[owner] for owner in self.editors[row] if owner in near) if listed else math.nan
            ),
            "lists_neighbours": each(
                lambda row: (
                    votes(near.get(target, 2.0 * (target == query)) for target in self.lists[row])
                    if listed
                    else math.nan
                )
            ),
            "list_popularity": [
                math.log(1 + sum(self.story[owner] != story for owner in self.editors[row])) * counts
                if listed
                else math.nan
                for row, counts in zip(rows, relevance, strict=True)
            ],
        }

    def has_lists(self, query: int) -> bool:
        """Say whether any list is known but those of the query's own story."""
        return any(self.lists[row] for row in self.lists if self.story[row] != self.story[query])

    def parts(self, query: int, rows: Sequence[int]) -> Dense:
        """Return ``(len(rows), s)``: what each signal adds to each sum."""
        table, weights = self.table(query, rows), self.snapshot.ranker.named()
        assert list(table) == list(weights), "a signal is missing here"
        columns = []
        for name, column in table.items():
            value, rank = weights[name]
            if name in ABSOLUTE:
                columns.append([0.0 if math.isnan(v) else value * v for v in column])
            else:
                pair = zip(z_scores(column), z_scores(log_ranks(column)), strict=True)
                columns.append([value * a + rank * b for a, b in pair])
        return np.array(columns).T.reshape(len(rows), len(table))

    def related(
        self, query: int, barred: frozenset[int] = frozenset(), limit: int = 0, taken: Sequence[int] = ()
    ) -> list[tuple[int, float, Dense]]:
        """Return (row, score, parts) of every story in the query's pool, best first.

        The score is that of the best version, the parts those of the one that is shown.
        """
        if not self.fused[query].any():
            return []
        rows = self.pool(query, barred, limit, taken)
        parts = self.parts(query, rows)
        ranker = self.snapshot.ranker
        bias = ranker.bias if self.has_lists(query) else ranker.bias_alone
        totals = [math.fsum((*part, bias)) for part in parts]
        scored = zip(rows, (1 / (1 + math.exp(-total)) for total in totals), parts, strict=True)
        by_row = {row: (score, part) for row, score, part in scored}
        ordered = sorted(by_row, key=lambda row: (-round(by_row[row][0], 7), row))
        told = [(self.shown(query, each), each[0]) for each in self.told(query, ordered, taken)]
        return [(shown, by_row[best][0], by_row[shown][1]) for shown, best in told]

    def told(self, query: int, rows: Sequence[int], taken: Sequence[int] = ()) -> list[list[int]]:
        """Return ``rows`` story by story, without those that tell the query's, or that of one of ``taken``."""
        found: list[list[int]] = []
        mine = [row for row in range(len(self.cards)) if self.story[row] == self.story[query]]
        own = {row for version in (*mine, *taken) for row in self._versions(version, rows)}
        left = [row for row in rows if row not in own]
        while left:
            found.append(self._versions(left[0], left))
            left = [row for row in left if row not in found[-1]]
        return found

    def _versions(self, one: int, rows: Sequence[int]) -> list[int]:
        """Return which of ``rows`` tell the story of ``one``: in its words, as a copy of one that does, and so on."""
        found: list[int] = []
        new = [one]
        while new:
            same = {self.story[row] for row in rows for other in new if row != other and self.same(row, other)}
            same |= {self.story[row] for row in new}
            new = [row for row in rows if self.story[row] in same and row not in found]
            found += new
        return [row for row in rows if row in found]

    def same(self, a: int, b: int) -> bool:
        """Say whether two articles are ``retold``, each pair once."""
        pair = frozenset((a, b))
        if pair not in self.compared:
            self.compared[pair] = self.retold(a, b)
        return self.compared[pair]

    def retold(self, a: int, b: int) -> bool:
        """Say whether one of two articles is the other told again: within days, or nearly word for word."""
        few, many = sorted((self.words[a], self.words[b]), key=len)
        apart = days_between(self.cards[a], self.cards[b])
        if len(few) < 30 or len(many) > 3 * len(few) or another_part(self.cards[a].title, self.cards[b].title, apart):
            return False
        shared = self.weight(few & many)
        least, most = sorted((self.weight(few - many), self.weight(many - few)))
        kept = shared / (shared + least + 2 * (least * least / most if most else 0))
        copied = kept >= 0.85 and shared / (shared + least + most) >= 0.75
        if not copied and (kept < 0.7 or not apart <= 5):
            return False
        return not (self.names_another(a, b) and self.names_another(b, a))

    def weight(self, words: Iterable[int]) -> float:
        """Return the rarity of ``words`` together, in an archive of a hundred articles more."""
        return math.fsum(map(self.rarity.__getitem__, words))

    def names_another(self, a: int, b: int) -> bool:
        """Say whether a rare word of a's title, of which its text speaks, is nowhere in the other article."""
        ours, theirs = (title_words(self.cards[row].title) for row in (a, b))
        found = (ours & self.words[a]) - theirs - self.words[b]
        return any(self.weight([word]) >= 1 + math.log(10) for word in found)

    def shown(self, query: int, told: Sequence[int]) -> int:
        """Return the version of a story that stands for all: in the query's language, the original, the newest."""
        originals = {card.canonical_url for card in (self.cards[row] for row in told)}
        best = told[0]
        for row in told[1:]:
            if self._worth(query, row, originals) > self._worth(query, best, originals):
                best = row
        return best

    def _worth(self, query: int, row: int, originals: set[str | None]) -> tuple[bool, bool, float]:
        card = self.cards[row]
        day = card.published_at.timestamp() if card.published_at else -math.inf
        return card.language[:2] == self.cards[query].language[:2], card.url is not None and card.url in originals, day

    def _brief(self) -> Dense:
        bags = [bag(self.snapshot, card, "\n".join((card.title, *card.teasers))) for card in self.cards]
        return unit(self._weighted(bags, lambda count: 1 + math.log(count)))

    def _title(self) -> Dense:
        titles = [card.title or "".join(card.teasers[:1]) for card in self.cards]
        bags = [bag(self.snapshot, card, title) for card, title in zip(self.cards, titles, strict=True)]
        rows = self._weighted(bags, lambda _: 1.0)
        sums = rows.sum(axis=1, keepdims=True)
        return rows / np.where(sums > 0, sums, 1)

    def _weighted(self, bags: Sequence[Counter[str]], weight: Callable[[int], float]) -> Dense:
        words = self.snapshot.corpus.lexicon.words
        column = {term: i for i, term in enumerate(words.terms)}
        rows = np.zeros((len(bags), len(column)))
        for row, counted in zip(rows, bags, strict=True):
            for term in counted.keys() & column.keys():
                row[column[term]] = weight(counted[term]) * float(words.idf[column[term]])
        return rows


_KNOWN: dict[int, Reference] = {}


def reference_of(snapshot: Snapshot) -> Reference:
    """Return the Reference of ``snapshot``, made once."""
    if id(snapshot) not in _KNOWN:
        _KNOWN[id(snapshot)] = Reference(snapshot)  # which keeps the snapshot, so its id is nobody else's
    return _KNOWN[id(snapshot)]


def related_rows(
    snapshot: Snapshot, query: int, barred: frozenset[int] = frozenset(), limit: int = 0, taken: Sequence[int] = ()
) -> list[tuple[int, float]]:
    """Return (row, score) of every story in the pool of the article at row ``query``, best first.

    No story is among them that one of ``taken`` tells. The neighbours are widened fourfold until they hold ``limit``
    stories or all there are.
    """
    return [(row, score) for row, score, _ in reference_of(snapshot).related(query, barred, limit, taken)]


def assert_same(
    found: Sequence[tuple[int, float]], expected: Sequence[tuple[int, float]], limit: int, within: float = 1e-3
) -> list[float]:
    """Assert that ``found`` is the first ``limit`` of ``expected``; return by how much each score is off.

    Rows may change places only where their scores are as close as ``within``: two values of a signal that differ by
    float noise may change ranks, which costs a little less than that.
    """
    assert len(found) == min(limit, len(expected))
    assert len(dict(found)) == len(found)
    by_row = dict(expected)
    for (row, score), (other, wanted) in zip(found, expected, strict=False):
        assert abs(score - by_row[row]) < within
        assert row == other or abs(by_row[row] - wanted) < within
    return [abs(score - by_row[row]) for row, score in found]


def stories(snapshot: Snapshot) -> dict[int, int]:
    """Return row → the smallest row of its story: all that share a text or an address, directly or by others."""
    cards = snapshot.corpus.cards
    story = {row: row for row in range(len(cards))}
    while True:
        smallest: dict[str, int] = {}
        for row, card in enumerate(cards):
            for key in _keys(card):
                smallest[key] = min(smallest.get(key, row), story[row])
        found = {row: min(smallest[key] for key in _keys(card)) for row, card in enumerate(cards)}
        if found == story:
            return story
        story = found


def resolved(snapshot: Snapshot) -> dict[int, set[int]]:
    """Return row → the other rows that its curated list names, by id, former id or address."""
    cards, aliases = snapshot.corpus.cards, snapshot.corpus.directory.aliases
    place = {url_key(card.url): row for row, card in reversed(list(enumerate(cards))) if card.url}
    place |= {card.id: row for row, card in enumerate(cards)}

    def find(name: str) -> int | None:
        name = aliases.get(name, name)
        try:
            return place[name] if name in place else place.get(url_key(name))
        except ArticleError:
            return None

    lists: dict[int, set[int]] = {row: set() for row in range(len(cards))}
    for owner, targets in snapshot.lists.items():
        row = find(owner)
        if row is not None:
            lists[row] |= {target for target in map(find, targets) if target is not None} - {row}
    return lists


def bag(snapshot: Snapshot, card: Card, text: str) -> Counter[str]:
    """Count the words of two letters and more that are no stop words, and their pairs.

    Articles of the tests that do not say their language are English.
    """
    stop = {*snapshot.corpus.lexicon.words.stop_words, *function_words(card.language.partition("-")[0] or "en")}
    words = [word for word in re.findall(r"\b\w\w+\b", text.lower()) if word not in stop]
    return Counter([*words, *(f"{a} {b}" for a, b in pairwise(words))])


@cache
def function_words(language: str) -> frozenset[str]:
    """Return the words of the file of ``language``, if there is one."""
    path = Path(__file__).parent.parent / "recommender" / "text" / "function_words" / f"{language}.txt"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return frozenset(word for line in lines if line[0] != "#" for word in line.split())


def another_part(a: str, b: str, apart: float) -> bool:
    """Say whether two titles number parts of a series: "part 2", or any number more than a day later."""
    parts = [re.findall(r"part (\d+)", title) for title in (a, b)]
    if parts[0] and parts[1] and parts[0] != parts[1]:
        return True
    unnumbered = [re.sub(r"part \d+", "", title.lower()) for title in (a, b)]
    rest = [set(re.findall(r"[a-z]\w*", title)) for title in unnumbered]
    if len(rest[0] & rest[1]) < 0.75 * len(rest[0] | rest[1]):
        return False
    numbers = [re.findall(r"\b\d+\b", title) for title in unnumbered]
    return parts[0] != parts[1] or (all(numbers) and numbers[0] != numbers[1] and not apart <= 1)


def title_words(title: str) -> set[int]:
    """Return the hashes of the words of a title without its numbers, in the singular."""
    words = re.findall(r"[a-z]\w*", re.sub(r"part \d+", "", title.lower()))
    singular = [word[:-3] + "y" if re.search("..ies$", word) else re.sub("(?<=...)s$", "", word) for word in words]
    return {murmurhash3_32(word, positive=True) for word in singular}


def tag_rows(tags: Sequence[Sequence[str]]) -> Dense:
    """Return unit rows of ``(1 + ln tf) · (ln((1 + n) / (1 + df)) + 1)``, a column a tag."""
    bags = [Counter(tag.casefold() for tag in each) for each in tags]
    frequency = Counter(tag for counted in bags for tag in counted)
    rows = np.zeros((len(bags), len(frequency)))
    for row, counted in zip(rows, bags, strict=True):
        for column, (tag, df) in enumerate(frequency.items()):
            if counted[tag]:
                row[column] = (1 + math.log(counted[tag])) * (math.log((1 + len(bags)) / (1 + df)) + 1)
    return unit(rows)


def nearness(similarities: Sequence[float]) -> list[float]:
    """Return 1 for the nearest and a factor e less for every standard deviation behind it."""
    spread = float(np.std(similarities)) if len(similarities) else 0.0
    return [math.exp((value - max(similarities)) / (spread if spread > 1e-6 else 1.0)) for value in similarities]


def z_scores(column: Sequence[float]) -> list[float]:
    """Return how many standard deviations each known value is from their mean; 0 where unknown, or all alike."""
    known = [value for value in column if not math.isnan(value)]
    mean, spread = (float(np.mean(known)), float(np.std(known))) if known else (0.0, 0.0)
    if spread <= 1e-6:
        return [0.0] * len(column)
    return [0.0 if math.isnan(value) else (value - mean) / spread for value in column]


def log_ranks(column: Sequence[float]) -> list[float]:
    """Return ``-ln(1 + r)``, r the number of known values greater to five decimals; NaN where unknown."""
    rounded = [round(value, 5) for value in column]
    rising = sorted(value for value in rounded if not math.isnan(value))
    return [math.nan if math.isnan(v) else -math.log(1 + len(rising) - bisect_right(rising, v)) for v in rounded]


def votes(weights: Iterable[float]) -> float:
    """Return the logarithm of what votes of these weights count together."""
    return math.log(1 + 5 * math.fsum(weights))


def cosine(a: Dense, b: Dense) -> float:
    """Return the inner product of two unit vectors, NaN if one is zero."""
    return float(a @ b) if a.any() and b.any() else math.nan


def best(mine: Dense, theirs: Dense) -> float:
    """Return the greatest inner product of a row of ``mine`` and one of ``theirs``, NaN without both."""
    return float((mine @ theirs.T).max()) if mine.any() and theirs.any() else math.nan


def alike(mine: str, theirs: str) -> float:
    """Return whether two sections are the same, NaN if one has none."""
    return float(mine == theirs) if mine and theirs else math.nan


def days_between(a: Card, b: Card) -> float:
    """Return how many days lie between two articles, NaN if one is undated."""
    if a.published_at is None or b.published_at is None:
        return math.nan
    return abs((a.published_at - b.published_at).total_seconds()) / 86_400


def dense(rows: object) -> Dense:
    """Return a sparse matrix as an array."""
    return np.asarray(rows.toarray(), dtype=np.float64)  # type: ignore[attr-defined]


def unit(rows: Dense) -> Dense:
    """Return rows of length 1, or zero where they are zero."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1)


def _keys(card: Card) -> list[str]:
    return [card.text_sha256, *([url_key(card.url)] if card.url else [])]
