"""What users of other recommenders complain about most, one test a complaint, against the whole application.

The numbers are those of the list of complaints; what they name is the symptom, as a reader or an editor would.
"""

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient

from api.keys import KeyRing
from index.live.writer import publish_rules
from recommender.articles import Article, Record
from recommender.catalog import Catalog
from recommender.settings import Settings
from tests.api.serving import ENCODER, served
from tests.conftest import DEMO, build_store, records

DEEP = "2025-07-first-deep-ship"
BOUND = Settings().min_score * 73 / 200  # among 73 articles
ARTICLES = {record.article.id: record.article for record in records(DEMO)}


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo newspaper with a French page, a syndicated copy and a story of several versions."""
    deep = ARTICLES[DEEP]
    added = [
        Article(
            "fr-deep",
            title="Premier grand navire dans le chenal",
            body="Un navire long de 176 mètres. The harbour, the channel, the ship.",
            language="fr",
            extra={"translation_of": DEEP},
        ),
        Article(
            "fr-port",
            title="Le port",
            body="The harbour, the channel and the ship, in French.",
            language="fr",
            url=None,
        ),
        Article(
            "wire-deep",
            title="Deep ship docks",
            body=deep.body + "\n\nThis report was first published by the Courier.",
            url="https://wire.example/77",
            language="en",
        ),
    ]
    made = [*records(DEMO), *(Record(article, "made") for article in added)]
    return build_store(tmp_path_factory.mktemp("newspaper"), made, ENCODER)


@pytest.fixture
def store(built: Path, tmp_path: Path) -> Path:
    return shutil.copytree(built, tmp_path / "store")


@pytest.fixture
def client(store: Path) -> Iterator[TestClient]:
    with served(store, writes=True) as found:
        found.headers["authorization"] = f"Bearer {KeyRing(store).new('desk')}"
        yield found


def items(client: TestClient, identity: str = DEEP, **params: Any) -> list[dict[str, Any]]:
    answer = client.get(f"/v1/articles/{identity}/related", params=params)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def ids(client: TestClient, identity: str = DEEP, **params: Any) -> list[str]:
    return [item["id"] for item in items(client, identity, **params)]


def everybody(client: TestClient, **params: Any) -> dict[str, list[str]]:
    return {name: ids(client, name, **params) for name in ARTICLES}


def test_01_weak_filler_is_not_shown(client: TestClient) -> None:
    """A list is short where nothing more is related, says so, and is nowhere padded below the bound."""
    found = [client.get(f"/v1/articles/{name}/related?limit=40").json() for name in ARTICLES]
    assert min(item["score"] for each in found for item in each["items"]) >= BOUND
    short = [each for each in found if each["count"] < 40]
    assert len(short) > 10
    assert {each["status"] for each in short} == {"thin"}
    assert {each["status"] for each in found if each["count"] == 40} <= {"ok"}


def test_02_related_is_not_the_latest(client: TestClient) -> None:
    """The order is that of the scores in every list, and lists are not the newest articles."""
    newest = set(sorted(ARTICLES, key=lambda name: str(ARTICLES[name].published_at))[-8:])
    shared = 0
    for name in ARTICLES:
        found = items(client, name)
        assert [item["score"] for item in found] == sorted((item["score"] for item in found), reverse=True)
        shared += len({item["id"] for item in found} & newest)
    assert shared < 2 * len(ARTICLES)  # by chance 0.9 of 8


def test_03_not_the_same_five_under_every_article(client: TestClient) -> None:
    lists = everybody(client)
    often = Counter(name for found in lists.values() for name in found)
    assert often.most_common(1)[0][1] < len(lists) / 2, often.most_common(3)
    assert len(often) > 0.85 * len(lists)  # three more are early versions of others
    assert len({tuple(found) for found in lists.values()}) > 0.95 * len(lists)


def test_04_years_old_items_do_not_crowd_out_the_recent(client: TestClient) -> None:
    """Of two articles of the same words the recent one stands higher; a site may also draw a line."""
    body = "The pilots of the channel and the deep ship."
    for name, day in (("then", "2009-07-30"), ("now", "2025-07-29")):
        client.put(f"/v1/articles/{name}", json={"title": f"Pilots {name}", "body": body, "published_at": day})
    found = ids(client, limit=100, min_score=0)
    assert found.index("now") < found.index("then")
    assert "then" not in ids(client, limit=100, min_score=0, published_after="2024-01-01")


def test_05_a_new_article_stands_in_older_lists_at_once(client: TestClient) -> None:
    before = ids(client)
    other = ARTICLES["2024-11-weathercock-case"]
    body = ARTICLES[DEEP].body[:700] + other.body[:700]
    assert client.put("/v1/articles/new", json={"title": "Second deep ship", "body": body}).status_code == 200
    assert "new" not in before
    assert "new" in ids(client)


def test_06_a_deleted_article_is_shown_nowhere(client: TestClient) -> None:
    gone = ids(client)[0]
    tag = client.get(f"/v1/articles/{DEEP}/related").headers["etag"]
    assert client.delete(f"/v1/articles/{gone}").status_code == 204
    left = [name for name in ARTICLES if name != gone]
    assert all(gone not in ids(client, name, limit=100, min_score=0) for name in left)
    assert client.get(f"/v1/articles/{DEEP}/related", headers={"if-none-match": tag}).status_code == 200
    assert client.get(f"/v1/articles/{gone}/related").status_code == 404


def test_07_no_list_mixes_languages_unless_asked_to(client: TestClient) -> None:
    assert not any(
        name.startswith("fr-") for found in everybody(client, limit=100, min_score=0).values() for name in found
    )
    assert "fr-port" in ids(client, limit=100, min_score=0, language="*")
    assert ids(client, "fr-port", limit=100, min_score=0) == ["fr-deep"]


@pytest.mark.parametrize("section", ["business", "local", "culture"])
def test_08_a_filter_never_empties_a_list(section: str, client: TestClient) -> None:
    """Eight of the section are there, so eight are returned, however far down they rank."""
    there = sum(article.section == section for article in ARTICLES.values())
    assert there >= 8
    found = items(client, section=section, min_score=0)
    assert len(found) == 8
    assert {item["section"] for item in found} == {section}
    everything_else = sorted({str(article.section) for article in ARTICLES.values()} - {section})
    assert items(client, "2024-11-weathercock-case", section=everything_else, min_score=0)[7]


def test_09_what_the_page_shows_already_is_left_out(client: TestClient) -> None:
    plain = items(client)
    shown = [plain[0]["id"], plain[1]["url"]]
    assert {plain[0]["id"], plain[1]["id"]}.isdisjoint(ids(client, exclude=shown))
    both = {"requests": [{"id": DEEP, "limit": 4}, {"id": plain[0]["id"], "limit": 4}], "distinct": True}
    lists = [
        [item["id"] for item in each["items"]] for each in client.post("/v1/related:batch", json=both).json()["results"]
    ]
    assert len(set(lists[0]) | set(lists[1])) == len(lists[0]) + len(lists[1])
    assert {DEEP, plain[0]["id"]}.isdisjoint(lists[0] + lists[1])


@pytest.mark.parametrize("identity", [DEEP, "fr-deep", "wire-deep"])
def test_10_never_the_article_itself_its_translation_or_its_syndicated_copy(identity: str, client: TestClient) -> None:
    found = ids(client, identity, limit=100, min_score=0, language="*")
    assert {DEEP, "fr-deep", "wire-deep"}.isdisjoint(found)


STORIES = ["2024-11-oxley-ferry-flood", "2025-02-dredging-licence-granted", "2024-05-fish-kill-marl"]


@pytest.mark.parametrize("story", STORIES)
def test_11_versions_of_one_story_take_one_slot(story: str, client: TestClient) -> None:
    versions = {story, f"{story}-update"}
    seen = 0
    for name in set(ARTICLES) - versions:
        found = items(client, name, limit=100, min_score=0)
        here = [item for item in found if item["id"] in versions]
        assert len(here) <= 1
        seen += sum({item["id"], *item["also"]} == versions for item in here)
    assert seen > len(ARTICLES) / 2
    near = next(name for name in sorted(set(ARTICLES) - versions) if versions & set(ids(client, name, limit=16)))
    explained = items(client, near, limit=16, explain=True)
    (shown,) = [item for item in explained if item["id"] in versions]
    (other,) = shown["why"]["also"]
    assert (shown["also"], other["id"], other["reason"]) == ([other["id"]], other["id"], "version")
    assert re.fullmatch(r"nearly the same text, published \d+ hours apart", other["text"])
    assert [[each["id"] for each in item["why"]["also"]] for item in explained] == [item["also"] for item in explained]
    assert versions.isdisjoint(ids(client, story, limit=100, min_score=0))


def test_12_a_tag_can_be_left_out_of_the_comparison(store: Path, client: TestClient) -> None:
    def row() -> dict[str, float]:
        return {
            item["id"]: item["score"]
            for item in items(client, "2024-11-why-milk-kills-a-river", limit=100, min_score=0)
        }

    explainers = {name for name, article in ARTICLES.items() if "explainer" in article.tags}
    before = row()
    publish_rules(store, Catalog.open(store), "ignore_tags: [Explainer]")
    after = row()
    assert before.keys() == after.keys()
    shared = (explainers & before.keys()) - {"2024-11-why-milk-kills-a-river"}
    assert len(shared) >= 5
    assert all(after[name] < before[name] for name in shared)


def test_13_several_sections_at_once(client: TestClient) -> None:
    wanted = {"sport", "courts", "opinion"}
    found = items(client, section=sorted(wanted), limit=100, min_score=0)
    assert {item["section"] for item in found} == wanted
    assert len(found) == sum(article.section in wanted for article in ARTICLES.values())


def test_14_an_editor_picks_by_hand_and_the_rest_is_filled(client: TestClient) -> None:
    plain = ids(client)
    overrides = {"pin": [{"id": "2025-01-chess-quillan", "position": 2}], "block": [{"id": plain[0]}]}
    assert client.put(f"/v1/articles/{DEEP}/overrides", json=overrides).status_code == 200
    found = items(client)
    assert (found[1]["id"], found[1]["source"], found[1]["score"]) == ("2025-01-chess-quillan", "pinned", None)
    assert plain[0] not in [item["id"] for item in found]
    assert {item["source"] for item in found} == {"pinned", "ranked"}
    assert client.put(f"/v1/articles/{DEEP}/overrides", json={**overrides, "mode": "replace"}).status_code == 200
    assert ids(client) == ["2025-01-chess-quillan"]
    assert client.put(f"/v1/articles/{DEEP}/overrides", json={}).status_code == 200
    assert ids(client) == plain


def test_15_a_draft_gets_its_list_and_is_told_what_covers_it_already(client: TestClient) -> None:
    before = client.get("/v1/index").json()
    deep = ARTICLES[DEEP]
    answer = client.post("/v1/related", json={"title": "A ship comes in", "body": deep.body}).json()
    assert [each["id"] for each in answer["covered"]] == [DEEP, "wire-deep"]
    assert {DEEP, "wire-deep"}.isdisjoint(item["id"] for item in answer["items"])
    assert answer["items"]
    fresh = client.post(
        "/v1/related", json={"title": "A ship", "body": "A ship with timber is expected in the harbour."}
    )
    assert fresh.json()["covered"] == []
    assert client.get("/v1/index").json() == before


def test_16_every_item_says_why_it_is_there_and_it_is_true(client: TestClient) -> None:
    """Short, never empty, and nothing in it that the two articles do not hold."""
    quoted = named = listed = 0
    for name, article in ARTICLES.items():
        for item in items(client, name, explain=True, limit=4):
            other, reason = ARTICLES.get(item["id"]), item["why"]
            assert 0 < len(reason["text"]) < 300
            if other is None:
                continue
            texts = [f"{each.title} {' '.join(each.teasers)} {each.body}" for each in (article, other)]
            if quote := reason["quote"]:
                assert quote["ours"] in texts[0]
                assert quote["theirs"] in texts[1]
                quoted += 1
            assert all(word in text for word in reason["names"] for text in texts)
            assert set(reason["tags"]) <= set(article.tags) & set(other.tags)
            assert reason["days_apart"] == (other.published_at.date() - article.published_at.date()).days  # type: ignore[union-attr]
            named += bool(reason["names"] or reason["terms"])
            listed += reason["picked_by"] > 0
    assert min(quoted, named, listed) > 50
    plain = items(client)
    assert [item["why"] for item in plain] == [None] * len(plain)
    assert [{**item, "why": None} for item in items(client, explain=True)] == plain
    draft = {"title": "A ship comes in", "body": ARTICLES[DEEP].body[:600]}
    drafted = client.post("/v1/related?explain=true", json=draft).json()["items"]
    assert all(item["why"]["text"] for item in drafted)
    assert any(item["why"]["quote"] and item["why"]["quote"]["ours"] in draft["body"] for item in drafted)


def test_17_fillers_come_only_when_asked_for_and_say_so(client: TestClient) -> None:
    short = items(client, min_score=0.05)
    assert 0 < len(short) < 8
    assert {item["source"] for item in short} == {"ranked"}
    filled = items(client, min_score=0.05, fallback="latest")
    assert filled[: len(short)] == short
    assert len(filled) == 8
    assert {(item["source"], item["score"]) for item in filled[len(short) :]} == {("fallback", None)}
    assert client.get(f"/v1/articles/{DEEP}/related?min_score=0.05&fallback=latest").json()["status"] == "thin"


def test_18_the_end_of_a_long_text_counts_too(client: TestClient) -> None:
    """Far beyond what an embedding model reads at once, and in the words that stand there alone."""
    filler = [f"Of bread, cheese and jam number {n} there is little to say in this paper." for n in range(120)]
    end = ARTICLES[DEEP].body
    text = "\n\n".join([*filler, end[: len(end) // 2]])
    client.put("/v1/articles/long", json={"title": "A long read", "body": text})
    assert text.index(end[:100]) > 8_000
    assert "long" in ids(client)


def test_19_an_update_replaces_what_was_there(client: TestClient) -> None:
    assert "2025-01-chess-quillan" not in ids(client)
    body = ARTICLES[DEEP].body[:800] + "\n\n" + ARTICLES["2025-08-sky-notes"].body[:800]
    client.put("/v1/articles/2025-01-chess-quillan", json={"title": "Harbour chess", "body": body})
    assert "2025-01-chess-quillan" in ids(client)
    assert client.get("/v1/index").json()["articles"] == len(ARTICLES) + 3
    client.put("/v1/articles/2025-01-chess-quillan", json={"title": "Sky", "body": ARTICLES["2025-08-sky-notes"].body})
    assert "2025-01-chess-quillan" not in ids(client)


def test_20_a_request_computes_no_embedding_and_asks_no_database(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What makes others slow when a page is viewed; how fast it is, make bench says."""

    class Nothing:
        name, revision, dim = ENCODER.name, ENCODER.revision, ENCODER.dim

        def encode(self, texts: object) -> None:
            raise AssertionError("a text was embedded")

    with served(store, writes=True, encoder=Nothing()) as client:
        client.app.state.live.stop()  # type: ignore[attr-defined]
        client.app.state.writer.stop()  # type: ignore[attr-defined]

        def refuse(*_: object) -> None:
            raise AssertionError("the database was asked")

        monkeypatch.setattr(type(client.app.state.live.catalog.engine), "connect", refuse)  # type: ignore[attr-defined]
        for name in ARTICLES:
            assert ids(client, name)


def test_21_the_cache_stays_within_its_bound(store: Path) -> None:
    with served(store, cache_mb=1) as client:
        for n in range(300):
            items(client, list(ARTICLES)[n % 70], limit=1 + n % 100, min_score=n / 10_000)
        cache = next(layer for layer in layers(client.app) if type(layer).__name__ == "ResponseCache")
        assert 100 < len(cache._kept) < 300
        assert cache._kept.currsize <= 1024 * 1024


def layers(app: Any) -> Iterator[Any]:
    layer = app.outermost
    while layer is not None:
        yield layer
        layer = getattr(layer, "_app", None) or getattr(layer, "app", None)


class Ill:
    """An encoder that fails on one text."""

    name, revision, dim = ENCODER.name, ENCODER.revision, ENCODER.dim

    def encode(self, texts: list[str]) -> Any:
        if any("broken" in text for text in texts):
            raise RuntimeError("no")
        return ENCODER.encode(texts)


def test_22_an_unknown_article_is_404_and_one_not_read_yet_is_pending(store: Path) -> None:
    key = {"Authorization": f"Bearer {KeyRing(store).new('desk')}"}
    with served(store, writes=True, encoder=Ill()) as client:
        unknown = client.get("/v1/articles/nobody/related")
        assert (unknown.status_code, unknown.json()["code"]) == (404, "article_not_found")
        url = "https://tesslecourier.example/new"
        news = {"title": "A broken text", "url": url, "section": "sport", "published_at": "2025-10-01"}
        assert client.put("/v1/articles/new", json=news, headers=key).status_code == 202
        for path in ("/v1/articles/new/related?", f"/v1/related?url={url}&"):
            waiting = client.get(path)
            assert waiting.status_code == 200
            assert (waiting.json()["id"], waiting.json()["status"], waiting.json()["items"]) == ("new", "pending", [])
            assert "max-age=30," in waiting.headers["cache-control"]
            filled = client.get(f"{path}fallback=section&limit=2").json()
            assert [(item["section"], item["source"]) for item in filled["items"]] == [("sport", "fallback")] * 2


def test_23_one_text_that_fails_spoils_no_other(store: Path) -> None:
    key = {"Authorization": f"Bearer {KeyRing(store).new('desk')}"}
    good = [{"id": f"good-{n}", "title": f"Ship number {n} in the harbour"} for n in range(20)]
    lines = [*good[:10], {"id": "bad", "title": "broken"}, {"id": "no text"}, *good[10:]]
    body = b"\n".join(map(orjson.dumps, lines))
    with served(store, writes=True, encoder=Ill()) as client:
        answer = client.post("/v1/articles:bulk", content=body, headers=key)
        assert (answer.json()["stored"], answer.json()["rejected"]) == (21, 1)
        client.app.state.writer.embed_pending()  # type: ignore[attr-defined]
        live = [each["id"] for each in good if client.get(f"/v1/articles/{each['id']}").status_code == 200]
        assert len(live) == 20
        assert client.get("/v1/articles/bad/related").json()["status"] == "pending"


def test_24_a_page_that_asks_twice_gets_the_same_bytes_without_cookies(client: TestClient) -> None:
    first, second = (client.get(f"/v1/articles/{DEEP}/related?limit=3") for _ in range(2))
    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]
    assert "set-cookie" not in first.headers
    assert "cookie" not in first.headers["vary"].lower()
    assert len(first.json()["items"]) == 3


@pytest.mark.parametrize("missing", ["title", "teaser", "body"])
def test_25_a_missing_field_never_zeroes_a_result(missing: str, client: TestClient) -> None:
    """An article without a teaser, a title or a body still has a list, and stands in others."""
    article = {
        "title": "Dredging the harbour channel for the deep ship",
        "teaser": "Dredging the harbour channel lets the deep ship of timber in.",
        "body": ARTICLES[DEEP].body[:700] + ARTICLES["2025-08-sky-notes"].body[:700],
    }
    del article[missing]
    assert client.put("/v1/articles/part", json=article).status_code == 200
    assert len(items(client, "part", min_score=0)) == 8
    assert "part" in ids(client, limit=30, min_score=0)
    json.dumps(items(client, "part"), allow_nan=False)
