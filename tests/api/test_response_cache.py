"""Answers from memory: equal to those made anew, byte for byte; made once; bounded; gone with their snapshot."""

import asyncio
import gc
import itertools
import random
import tracemalloc
import weakref
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.caching import Document
from api.kept_answers import OVERHEAD
from api.metrics import Metrics
from api.response_cache import ResponseCache, parameters
from index.build import build
from index.live.live import Live
from recommender.catalog import Catalog
from recommender.recommender import Recommender
from tests.api.serving import ENCODER, IDENTITY, Asgi, all_headers, application, served
from tests.conftest import DEMO, build_store, records

IDS = [record.article.id for record in records(DEMO)]
SECTIONS = sorted({record.article.section for record in records(DEMO)})
PATH = f"/v1/articles/{IDS[0]}/related"


@pytest.fixture(scope="module")
def warm(demo_store: Path) -> Iterator[TestClient]:
    with served(demo_store) as client:
        yield client


@pytest.fixture(scope="module")
def cold(demo_store: Path) -> Iterator[TestClient]:
    with served(demo_store, cache_mb=0) as client:
        yield client


def counted(client: TestClient, result: str) -> float:
    client.app.state.metrics.fold()  # type: ignore[attr-defined]
    found = client.app.state.metrics.registry.get_sample_value(  # type: ignore[attr-defined]
        "related_cached_answers_total", {"result": result}
    )
    return float(found)


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, str, list[tuple[str, str]], dict[str, str]]:
    """Any request for a document: mostly good, sometimes not."""
    identity = draw(st.sampled_from([*IDS[:4], "nowhere"]))
    value = {
        "limit": st.sampled_from(["1", "3", "8", "100", "0", "x", "08"]),
        "min_score": st.sampled_from(["0", "0.2", ".2", "1", "2", "nan"]),
        "section": st.sampled_from([*SECTIONS[:3], ""]),
        "language": st.sampled_from(["en", "EN", "de"]),
        "exclude": st.sampled_from([*IDS[:6], "%", "ü", "a b+c"]),
        "published_after": st.sampled_from(["2025-01-01", "2025-01-01T01:00:00+01:00", "never"]),
        "fbclid": st.text(max_size=3),
    }
    names = draw(st.lists(st.sampled_from(sorted(value)), max_size=5))
    params = [(name, draw(value[name])) for name in names]
    path = draw(st.sampled_from([f"/v1/articles/{identity}/related", f"/v1/articles/{identity}"]))
    headers = {"accept-encoding": draw(st.sampled_from(["identity", "gzip", "gzip, br", "br;q=0, *"]))}
    return draw(st.sampled_from(["GET", "HEAD"])), path, params, headers


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(request_=requests())
def test_an_answer_from_memory_equals_one_made_anew(
    warm: TestClient, cold: TestClient, request_: tuple[str, str, list[tuple[str, str]], dict[str, str]]
) -> None:
    method, path, params, headers = request_
    answers = [
        client.request(method, path, params=params, headers=headers)  # type: ignore[arg-type]
        for client in (cold, warm, warm, cold)
    ]
    for answer in answers:
        body = answer.content if answer.status_code == 200 else without_id(answer)
        first = answers[0].content if answers[0].status_code == 200 else without_id(answers[0])
        assert (answer.status_code, all_headers(answer), body) == (
            answers[0].status_code,
            all_headers(answers[0]),
            first,
        )


def without_id(answer: Any) -> Any:
    return {**answer.json(), "request_id": None} if answer.content else b""


def test_the_second_time_it_comes_from_memory(demo_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    real = Recommender.related
    monkeypatch.setattr("recommender.recommender.Recommender.related", lambda *a, **k: calls.append(1) or real(*a, **k))
    with served(demo_store) as client:
        for _ in range(3):
            for path in (PATH, f"{PATH}?limit=3&section=sport", f"{PATH}?section=sport&limit=3"):
                assert client.get(path).status_code == 200
        assert len(calls) == 2
        assert (counted(client, "hit"), counted(client, "miss")) == (7, 2)
    calls.clear()
    with served(demo_store, cache_mb=0) as client:
        for _ in range(3):
            client.get(PATH)
    assert len(calls) == 3


def test_errors_and_other_routes_are_not_kept(warm: TestClient) -> None:
    before = counted(warm, "hit")
    for path in ("/v1/articles/nowhere/related", f"{PATH}?limit=0", "/v1/index", "/healthz", "/v1/articlesx"):
        statuses = {warm.get(path).status_code for _ in range(2)}
        assert len(statuses) == 1
    assert counted(warm, "hit") == before


def test_parameters_have_one_form_whatever_their_order() -> None:
    assert parameters(b"limit=3&exclude=b&exclude=a") == parameters(b"exclude=b&limit=3&exclude=a")
    assert parameters(b"exclude=a%20b") == parameters(b"exclude=a+b") == "exclude=a+b"
    assert parameters(b"section=b%26limit=d") != parameters(b"section=b&limit=d")
    assert parameters(b"limit=3&limit=4") != parameters(b"limit=4&limit=3")  # the last one counts
    assert parameters(b"section=") == parameters(b"section") == "section="
    assert parameters(b"exclude=" + b"y" * 600) == "exclude=" + "y" * 600
    assert parameters(b"_=17&limit=3&fbclid=x") == parameters(b"limit=3")  # what counts nothing is not kept apart


def test_equal_requests_at_the_same_time_are_computed_once(demo_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    real = Recommender.related
    monkeypatch.setattr("recommender.recommender.Recommender.related", lambda *a, **k: calls.append(1) or real(*a, **k))
    app = application(demo_store)
    app.state.live.refresh()
    ask = Asgi(app)

    async def crowd() -> list[tuple[int, dict[str, str], bytes]]:
        wanted = [f"{PATH}?limit={1 + n % 4}" for n in range(200)]
        return await asyncio.gather(*(ask("GET", target) for target in wanted))

    answers = asyncio.run(crowd())
    assert len(calls) == 4
    assert {status for status, _, _ in answers} == {200}
    assert all(body == answers[n % 4][2] for n, (_, _, body) in enumerate(answers))
    value = app.state.metrics.registry.get_sample_value
    assert value("related_cached_answers_total", {"result": "shared"}) == 196


def test_when_the_first_of_them_fails_each_gets_its_own_answer(
    demo_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = itertools.count()
    real = Recommender.related

    def first_breaks(*args: Any, **options: Any) -> Any:
        if next(numbers) == 0:
            raise RuntimeError("once")
        return real(*args, **options)

    monkeypatch.setattr("recommender.recommender.Recommender.related", first_breaks)
    app = application(demo_store)
    app.state.live.refresh()

    async def crowd() -> list[Any]:
        return await asyncio.gather(*(Asgi(app)("GET", PATH) for _ in range(5)), return_exceptions=True)

    answers = asyncio.run(crowd())
    assert [type(answer) for answer in answers].count(RuntimeError) == 1
    assert [answer[0] for answer in answers if isinstance(answer, tuple)] == [200] * 4


def test_one_that_gives_up_does_not_take_the_others_with_it(demo_store: Path) -> None:
    app = application(demo_store)
    app.state.live.refresh()

    async def crowd() -> list[Any]:
        tasks = [asyncio.create_task(Asgi(app)("GET", PATH)) for _ in range(6)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        tasks[3].cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    answers = asyncio.run(crowd())
    assert [isinstance(answer, asyncio.CancelledError) for answer in answers] == [n in (0, 3) for n in range(6)]
    assert [answer[0] for answer in answers if isinstance(answer, tuple)] == [200] * 4


def test_a_swap_of_the_snapshot_empties_it(tmp_path: Path) -> None:
    store = build_store(tmp_path, records(DEMO)[:20], ENCODER)
    with served(store) as client:
        first = client.get(PATH)
        assert client.get(PATH, headers={"if-none-match": first.headers["etag"]}).status_code == 304
        with closing(Catalog.open(store)) as catalog:
            catalog.put(records(DEMO)[20:40])
            build(store, catalog, ENCODER)
        client.app.state.live.refresh()  # type: ignore[attr-defined]
        version = client.get("/v1/index").json()["version"]
        second = client.get(PATH, headers={"if-none-match": first.headers["etag"]})
        assert second.status_code == 200
        assert second.json()["index_version"] == version != first.json()["index_version"]
        assert counted(client, "miss") == 2


def test_an_answer_computed_from_the_old_snapshot_is_not_kept_for_the_new(tmp_path: Path) -> None:
    """The swap comes while a request is computed: that one gets the old list, all later ones the new."""
    store = build_store(tmp_path, records(DEMO)[:20], ENCODER)
    live = Live(store)
    live.refresh()
    old = live.snapshot()
    app = application(store)
    cache, slow = cache_of(app), asyncio.Event()
    real = cache._app

    async def waiting(scope: Any, receive: Any, send: Any) -> None:
        await slow.wait()
        await real(scope, receive, send)

    cache._app = waiting
    cache._live = live

    async def story() -> tuple[Any, Any, Any]:
        first = asyncio.create_task(Asgi(app)("GET", PATH))
        await asyncio.sleep(0.01)
        build_store(store, records(DEMO)[20:40], ENCODER)
        live.refresh()
        second = asyncio.create_task(Asgi(app)("GET", PATH))
        await asyncio.sleep(0.01)
        slow.set()
        return await first, await second, await Asgi(app)("GET", PATH)

    first, second, third = asyncio.run(story())
    assert old.version.encode() in first[2]
    assert live.snapshot().version.encode() in second[2]
    assert old.version != live.snapshot().version
    assert third == (200, {**second[1], "x-request-id": third[1]["x-request-id"]}, second[2])


def cache_of(app: Any) -> ResponseCache:
    layer = app.outermost
    while not isinstance(layer, ResponseCache):
        layer = layer._app
    return layer


class Documents:
    """An app under the cache: every answer a document of a wanted size, counted."""

    def __init__(self) -> None:
        self.calls = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.calls += 1
        size = int(scope["path"].rpartition("/")[2])
        scope["state"]["document"] = Document(scope["path"], None)
        body = random.Random(size).randbytes(size)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": body[: size // 2], "more_body": True})
        await send({"type": "http.response.body", "body": body[size // 2 :]})


@pytest.fixture
def live(demo_store: Path) -> Live:
    found = Live(demo_store)
    found.refresh()
    return found


def test_memory_is_bounded_and_the_least_used_goes_first(live: Live) -> None:
    inner = Documents()
    room = 10 * (OVERHEAD + 400 + 4 * len("/v1/articles/400"))
    cache = ResponseCache(inner, live, Metrics(live), room)
    ask = Asgi(cache)

    async def story() -> None:
        for size in range(380, 400):
            await ask("GET", f"/v1/articles/{size}")
            await ask("GET", "/v1/articles/400")  # used all the time: stays
        assert inner.calls == 21
        assert cache._kept.currsize <= room
        assert len(cache._kept) == 10
        await ask("GET", "/v1/articles/400")
        assert inner.calls == 21
        await ask("GET", "/v1/articles/380")
        assert inner.calls == 22
        status, headers, body = await ask("GET", f"/v1/articles/{room}")  # does not fit: answered all the same
        assert (status, len(body), headers["content-length"]) == (200, room, str(room))
        assert len(cache._kept) == 10
        await ask("GET", f"/v1/articles/400?exclude={'y' * 5_000}")  # a key longer than any list: not kept
        assert cache._kept.get(("/v1/articles/400", "exclude=" + "y" * 5_000)) is None
        assert cache._kept.get(("/v1/articles/400", "")) is not None

    asyncio.run(story())


def test_an_answer_is_made_anew_when_its_lifetime_is_another(demo_store: Path, live: Live) -> None:
    """The article of the answer grows older than a day: from then on max-age is an hour."""
    app = application(demo_store)
    app.state.live = live
    card = next(card for card in live.snapshot().corpus.cards if card.published_at)
    assert card.published_at is not None
    moment = [card.published_at.timestamp() + 86_390]
    cache = ResponseCache(cache_of(app)._app, live, Metrics(live), 10**6, clock=lambda: moment[0])
    ask = Asgi(cache)

    async def control() -> str:
        return (await ask("GET", f"/v1/articles/{card.id}", IDENTITY))[1]["cache-control"].split(", ")[1]

    assert asyncio.run(control()) == "max-age=900"
    moment[0] += 5
    assert asyncio.run(control()) == "max-age=900"
    moment[0] += 5
    assert asyncio.run(control()) == "max-age=3600"


def test_a_key_counts_as_memory(live: Live) -> None:
    """Thousands of empty parameters are a long key beside a short answer."""
    cache = ResponseCache(Documents(), live, Metrics(live), 20 * (OVERHEAD + 400))
    ask = Asgi(cache)

    async def story() -> None:
        for n in range(100):
            await ask("GET", f"/v1/articles/400?exclude={n}&" + "exclude&" * 400)

    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        asyncio.run(story())
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(cache._kept) > 1
    assert after - before < 2 * cache._kept.maxsize


def test_one_that_gives_up_after_the_route_has_answered_is_still_cancelled(live: Live) -> None:
    """Its document is known, not a byte was said."""
    began = asyncio.Event()

    async def stuck(scope: Any, receive: Any, send: Any) -> None:
        scope["state"]["document"] = Document("t", None)
        began.set()
        await asyncio.sleep(60)

    cache = ResponseCache(stuck, live, Metrics(live), 10**6)

    async def story() -> None:
        task = asyncio.create_task(Asgi(cache)("GET", "/v1/articles/1"))
        await began.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not cache._computing

    asyncio.run(story())


def test_an_old_snapshot_is_not_held(tmp_path: Path) -> None:
    """It may be as large as all other memory of the process."""
    store = build_store(tmp_path, records(DEMO)[:20], ENCODER)
    with served(store) as client:
        client.get(PATH)
        live = client.app.state.live  # type: ignore[attr-defined]
        old = weakref.ref(live.snapshot().corpus.directory)
        build_store(store, records(DEMO)[20:40], ENCODER)
        live.refresh()
        gc.collect()
        assert old() is None


def test_every_answer_is_that_of_the_snapshot_it_names(tmp_path: Path) -> None:
    """Eight clients, twenty swaps between two snapshots while they ask: never a mix, never an error, nothing left."""
    store, expected = tmp_path, {}
    targets = [f"/v1/articles/{identity}/related?limit={limit}" for identity in IDS[:10] for limit in (2, 5)]
    for part in (records(DEMO)[:20], records(DEMO)[20:40]):
        build_store(store, part, ENCODER)
        with served(store, cache_mb=0) as client:
            for target in targets:
                answer = client.get(target, headers=IDENTITY)
                expected[answer.json()["index_version"], target] = answer.content
    versions = sorted({version for version, _ in expected})
    app = application(store)
    live, current = app.state.live, store / "CURRENT"
    live.refresh()
    swaps = itertools.cycle(versions)
    named: list[str] = []

    async def visitor(seed: int, stop: asyncio.Event) -> None:
        rng = random.Random(seed)
        while not stop.is_set():
            target = rng.choice(targets)
            status, headers, body = await Asgi(app)("GET", target, IDENTITY)
            version = headers["etag"][1:].split("-")[0]
            assert (status, body) == (200, expected[version, target])
            named.append(version)
            await asyncio.sleep(0.001)  # answers from memory wait for nothing: neither the others nor the thread that
            # opens the next snapshot would get a turn

    async def story() -> None:
        stop = asyncio.Event()
        visitors = [asyncio.create_task(visitor(seed, stop)) for seed in range(8)]
        for _, version in zip(range(20), swaps, strict=False):
            current.write_text(f"{version}\n")
            await asyncio.to_thread(live.refresh)
            for target in targets:  # from now on nobody gets the old lists, whatever was in flight
                assert (await Asgi(app)("GET", target, IDENTITY))[2] == expected[version, target]
            until = len(named) + 30
            while len(named) < until and not any(task.done() for task in visitors):
                await asyncio.sleep(0.001)
        stop.set()
        await asyncio.gather(*visitors)

    asyncio.run(story())
    assert len(versions) == len(set(named)) == 2
    assert len(named) >= 20 * 30
    assert not cache_of(app)._computing
