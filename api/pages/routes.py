"""The pages and their addresses. Each is a GET that works without JavaScript; the draft is posted, and not stored."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import Any
from urllib.parse import parse_qs, quote

from fastapi import FastAPI, Request
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.responses import Response

from api.costs import FREE, charge, cost_of_draft, cost_of_list
from api.pages import draft, front
from api.pages.access import CHALLENGE, refusal
from api.pages.comparison import compare
from api.pages.health import health
from api.pages.rendering import render
from api.problems import ProblemError
from api.related import query_of, request_of, texts_of
from api.requests import MAX_DRAFT, MAX_EXPLAINED, Draft, RelatedParams
from api.service import live, snapshot_now
from index.store.snapshot import Snapshot
from recommender.errors import ArticleError, CatalogError, EncoderError, SnapshotError, UnknownArticleError

Page = Callable[[Request, Snapshot], Response]

ROWS_PER_LIST = 20_000
"""Articles that are looked through for the price of one plain list."""
MAX_CHOICES = 100
MAX_FIELDS = 20
OPENING = 900
"""Characters of an article's text within which the paragraphs begin that are shown at once."""
FIELDS = ("limit", "min_score", "mode", "diversity", "published_after", "published_before", "fallback")
SEVERAL = ("section", "language")


def install(app: FastAPI) -> None:
    """Add the pages to ``app``."""
    for path, page, methods in (
        ("/", _front, ["GET"]),
        ("/pages/article", _article, ["GET"]),
        ("/pages/draft", _draft, ["GET", "POST"]),
        ("/pages/health", _health, ["GET"]),
    ):
        app.add_api_route(path, _page(page), methods=methods, include_in_schema=False, response_model=None)


def _page(page: Page) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint of ``page``: for who may see it, computed in a thread, its errors as pages too."""

    async def endpoint(request: Request) -> Response:
        refused = await run_in_threadpool(refusal, request)
        if refused is not None:
            return refused
        try:
            snapshot = await snapshot_now(request)
            if request.method == "POST":
                request.state.form = _form(await request.body())
            return await run_in_threadpool(page, request, snapshot)
        except UnknownArticleError:
            return _problem(request, 404, "There is no such article", "No article has this id or address.")
        except ProblemError as error:
            return _problem(request, error.status_code, "This cannot be shown now", error.detail, error.headers)
        except EncoderError:
            return _problem(request, 503, "Drafts cannot be read here", "The embedding model cannot be loaded.")
        except (SnapshotError, CatalogError):
            text = "Nothing is published yet, or it cannot be opened: run related-index build."
            return _problem(request, 503, "There is no index", text)

    return endpoint


def _form(body: bytes) -> Mapping[str, list[str]]:
    """Return the fields of a posted form; none, where there are more than any form of ours has."""
    try:
        return parse_qs(body.decode("utf-8", "replace"), max_num_fields=MAX_FIELDS)
    except ValueError:
        return {}


def _problem(
    request: Request, status: int, title: str, text: str, headers: Mapping[str, str] | None = None
) -> Response:
    answer = render(request, "problem.html.j2", status, title=title, text=text)
    answer.headers.update(CHALLENGE if status == 401 else headers or {})
    return answer


def _front(request: Request, snapshot: Snapshot) -> Response:
    asked = request.query_params
    corpus = snapshot.corpus
    charge(request, 1 + len(corpus) / ROWS_PER_LIST, free=FREE)
    text, section = asked.get("q", "").strip(), asked.get("section", "")
    page = _number(asked.get("page", ""))
    cards, more = ([], False) if text else front.newest(corpus, section, page)
    return render(
        request,
        "front.html.j2",
        cards=cards,
        more=more,
        page=page,
        section=section,
        text=text[: front.MAX_QUERY],
        found=front.search(corpus, text) if text else None,
        sections=front.sections(corpus),
        picked=front.picked(snapshot) if not (text or section) and page == 1 else [],
        articles=snapshot.manifest.articles,
    )


def _article(request: Request, snapshot: Snapshot) -> Response:
    asked = request.query_params
    identity = asked.get("id", "")
    controls = Controls.read(asked)
    charge(request, cost_of_list(controls.params), free=FREE)
    query, _ = query_of(request, snapshot, identity, controls.params)
    texts, corpus = texts_of(request, snapshot), snapshot.corpus
    card, article = query.card, texts([query.card.id]).get(query.card.id)
    compared = compare(snapshot, query, request_of(request, snapshot, controls.params), texts)
    return render(
        request,
        "article.html.j2",
        card=card,
        article=article,
        opening=_opening(article.paragraphs if article else []),
        compared=compared,
        controls=controls,
        sections=front.sections(corpus)[:MAX_CHOICES],
        languages=sorted(corpus.directory.languages.codes)[:MAX_CHOICES],
        json=f"/v1/articles/{quote(card.id, safe='')}/related",
    )


def _opening(paragraphs: Sequence[str]) -> int:
    """Return how many paragraphs are shown at once: one at least, and no more than begin within OPENING characters."""
    starts = accumulate((len(each) for each in paragraphs), initial=0)
    return max(1, sum(start < OPENING for start in islice(starts, len(paragraphs))))


def _draft(request: Request, snapshot: Snapshot) -> Response:
    form: Mapping[str, list[str]] = getattr(request.state, "form", {})
    given = {name: form.get(name, [""])[0].strip() for name in ("title", "body")}
    answered, error = None, ""
    if request.method == "POST":
        params = RelatedParams(explain=True)
        try:
            checked = Draft.model_validate({name: text for name, text in given.items() if text})
            charge(request, cost_of_draft(params, checked.length))
            answered = draft.about(request, snapshot, checked, params)
        except ValidationError as problem:
            error = f"The text does not fit: {_said(problem)[1]}."
        except ArticleError:
            error = "There is no text to read: give a title, or the text."
    return render(
        request,
        "draft.html.j2",
        422 if error else 200,
        given=given,
        answered=answered,
        error=error,
        most=MAX_DRAFT,
    )


def _health(request: Request, snapshot: Snapshot) -> Response:
    found = health(live(request), snapshot, request.app.state.config)
    return render(request, "health.html.j2", health=found, store=live(request).store.name)


@dataclass(frozen=True, slots=True)
class Controls:
    """What a reader set of a list: ``given`` as it was written, the ``params`` it means, and ``errors`` by field.

    ``given`` has every field, "" or [] where nothing was written. What does not fit counts as not given.
    """

    given: Mapping[str, Any]
    params: RelatedParams
    errors: Mapping[str, str]

    @classmethod
    def read(cls, asked: QueryParams) -> "Controls":
        """Read the controls from the parameters of an address."""
        given: dict[str, Any] = {name: asked.get(name, "").strip() for name in FIELDS}
        given |= {name: [value for each in asked.getlist(name) if (value := each.strip())] for name in SEVERAL}
        fit, errors = {name: value for name, value in given.items() if value}, dict[str, str]()
        while True:
            try:
                return cls(given, RelatedParams(**{**fit, "explain": True}), errors)
            except ValidationError as error:
                name, said = _said(error)
                if name not in fit:
                    name, said = "limit", f"at most {MAX_EXPLAINED} can be explained"
                errors[name] = said
                del fit[name]

    @property
    def used(self) -> Mapping[str, Any]:
        """What was set and fits."""
        return {name: value for name, value in self.given.items() if name not in self.errors}

    @property
    def opened(self) -> bool:
        """Whether anything was set."""
        return any(self.given.values())


def _said(error: ValidationError) -> tuple[str, str]:
    """Return the field of the first fault, and what is wrong with it."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    said = first["msg"].removeprefix("Value error, ")
    return name, said[0].lower() + said[1:]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 and int(text) else 1
