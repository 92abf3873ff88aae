"""What the pages of a set are to one another: which of them are articles, copies, translations, and ways to them."""

from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from recommender.sources.html.addresses import NOWHERE, Addresses, same_path
from recommender.sources.html.metadata import suffix_of
from recommender.sources.html.page import Page
from recommender.sources.html.survey import Survey

REDIRECT = "a redirect to another page"
NOINDEX = "a page marked noindex"
ERROR = "an error page served as a page"
LIST = "a page that is a list of others"
COPY = "a copy of a page that is read (its canonical address)"

MANY = 5
"""Pages with one title and one text that are an error page, if the text is shorter than SHORT."""
SHORT = 600
COMMON, SOME = 0.2, 3
"""Share of pages, and how many at least, from which what they all name says nothing of each of them."""
_STEPS = 10


@dataclass(slots=True)
class Site:
    """What was found out about ``pages``; the number of a page is its place among them. A survey is None if unread.

    ``left_out``: page → kind. ``aliases``: page → addresses of redirects and copies. ``original``: page → the page it
    is a translation of. ``common_boxes``: lists that stand on many pages. ``suffix``: what ends most titles.
    """

    pages: list[Page]
    surveys: list[Survey | None]
    addresses: Addresses
    left_out: dict[int, str] = field(default_factory=dict)
    aliases: dict[int, list[str]] = field(default_factory=dict)
    original: dict[int, int] = field(default_factory=dict)
    common_boxes: set[tuple[str, ...]] = field(default_factory=set)
    common_descriptions: set[str] = field(default_factory=set)
    suffix: str = ""
    ignored_canonical: str = ""
    is_built: bool = False

    @classmethod
    def of(cls, pages: list[Page], surveys: list[Survey | None]) -> "Site":
        """Work out all of it from the surveys."""
        known = [each.address if each else "" for each in surveys]
        site = cls(pages, surveys, Addresses.of(known))
        site._find_host()
        site._leave_out()
        site._follow_canonical()
        site._follow_redirects()
        site._group_translations()
        site._find_common()
        return site

    def article(self, address: str) -> int | None:
        """Return the number of the article that an address leads to, over redirects and copies."""
        number = self.addresses.find(address)
        for _ in range(_STEPS):
            survey = self.surveys[number] if number is not None else None
            onward = self._onward(number, survey) if number is not None and survey else None
            if onward is None or onward == number:
                break
            number = onward
        return number

    def _onward(self, number: int, survey: Survey) -> int | None:
        kind = self.left_out.get(number)
        address = survey.redirect if kind == REDIRECT else survey.canonical if kind == COPY else ""
        return self.addresses.find(address) if address else None

    def _each(self) -> list[tuple[int, Survey]]:
        return [(number, survey) for number, survey in enumerate(self.surveys) if survey is not None]

    def _find_host(self) -> None:
        """Where pages have no address of their own: learn the site's from the canonical ones that have their paths."""
        hosts: Counter[str] = Counter()
        named = 0
        for number, survey in self._each():
            page = self.pages[number]
            if page.url or not survey.canonical or survey.canonical.startswith(NOWHERE):
                continue
            named += 1
            if same_path(survey.canonical, page.path):
                hosts[urlsplit(survey.canonical).netloc.lower()] += 1
        self.is_built = 2 * hosts.total() >= named > 0
        if self.is_built:
            self.addresses.hosts.add(hosts.most_common(1)[0][0])
        elif named:  # saved pages: each is found by the address that it gives itself
            for number, survey in self._each():
                if not self.pages[number].url and survey.canonical:
                    self.addresses.add(survey.canonical, number)

    def _leave_out(self) -> None:
        copies = Counter(survey.digest for _, survey in self._each() if survey.length < SHORT)
        for number, survey in self._each():
            if survey.redirect:
                kind = REDIRECT
            elif survey.noindex:
                kind = NOINDEX
            elif survey.error or (survey.length and survey.title and copies[survey.digest] >= MANY):
                kind = ERROR
            elif survey.is_list:
                kind = LIST
            else:
                continue
            self.left_out[number] = kind

    def _follow_canonical(self) -> None:
        """A page whose canonical one is read is a copy; not where many pages name one, which is a fault of the site."""
        targets = {}
        for number, survey in self._each():
            target = self.addresses.find(survey.canonical) if survey.canonical else None
            if target is not None and target != number:
                targets[number] = target
        counts = Counter(targets.values())
        for number, target in targets.items():
            if number in self.left_out or self.left_out.get(target) not in (None, COPY) or self.surveys[target] is None:
                continue
            if counts[target] >= max(MANY, COMMON * len(self.pages)):
                self.ignored_canonical = self.surveys[number].canonical  # type: ignore[union-attr]
                continue
            if self._ends_at(number, targets) != number:
                self.left_out[number] = COPY
                self._add_alias(target, number)

    def _ends_at(self, number: int, targets: dict[int, int]) -> int:
        """Where canonical addresses lead in the end; in a circle to the first of its pages."""
        seen = [number]
        while (following := targets.get(seen[-1])) is not None and len(seen) <= _STEPS:
            if following in seen:
                return min(seen[seen.index(following) :])
            seen.append(following)
        return seen[-1]

    def _follow_redirects(self) -> None:
        for number, survey in self._each():
            if self.left_out.get(number) == REDIRECT:
                target = self.article(survey.redirect)
                if target is not None and target not in self.left_out:
                    self._add_alias(target, number)

    def _add_alias(self, target: int, number: int) -> None:
        page = self.pages[number]
        self.aliases.setdefault(target, []).append(page.url or page.path)

    def _group_translations(self) -> None:
        """Join the pages that name one another in other languages; the original is x-default, else the first."""
        root: dict[int, int] = {}

        def find(number: int) -> int:
            while root.setdefault(number, number) != number:
                root[number] = root[root[number]]
                number = root[number]
            return number

        default: dict[int, int] = {}
        first: dict[int, int] = {}
        for number, survey in self._each():
            if number in self.left_out or not survey.alternates:
                continue
            found = [(language, self.article(address)) for language, address in survey.alternates]
            there = [(language, n) for language, n in found if n is not None and n not in self.left_out]
            for language, other in there:
                root[find(other)] = find(number)
                if language == "x-default":
                    default.setdefault(number, other)
            if any(other == number for _, other in there):
                first.setdefault(number, there[0][1])
        self._choose_originals({number: find(number) for number in list(root)}, default, first)

    def _choose_originals(self, group_of: dict[int, int], default: dict[int, int], first: dict[int, int]) -> None:
        chosen: dict[int, int] = {}
        for source in (default, first, {number: number for number in sorted(group_of)}):
            for number in sorted(source):
                chosen.setdefault(group_of[number], source[number])
        self.original = {n: chosen[group] for n, group in group_of.items() if chosen[group] != n}

    def _find_common(self) -> None:
        articles = [survey for number, survey in self._each() if number not in self.left_out]
        with_boxes = [survey for survey in articles if any(survey.boxes)]
        boxes = Counter(box for survey in with_boxes for box in set(survey.boxes) if box)
        self.common_boxes = {box for box, count in boxes.items() if _is_common(count, len(with_boxes))}
        texts = Counter(survey.description for survey in articles if survey.description)
        self.common_descriptions = {text for text, count in texts.items() if _is_common(count, len(articles))}
        ends = Counter(suffix_of(survey.title) for survey in articles)
        end, count = ends.most_common(1)[0] if ends else ("", 0)
        self.suffix = end if count >= SOME and 2 * count > len(articles) else ""


def _is_common(count: int, whole: int) -> bool:
    return count >= SOME and count > COMMON * whole
