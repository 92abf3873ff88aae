"""A developer blog's 764 posts: counts of articles, dates and curated lists, and the corpus made of them."""

import gzip
import tarfile
from pathlib import Path

import orjson
import pytest

from recommender.articles import Record, parse_article
from recommender.sources.items import Entry, LeftOut
from recommender.sources.markdown import read_tree
from recommender.sources.markdown.front_matter import front_matter_of, taken_apart
from recommender.sources.markdown.targets import curated_items
from recommender.sources.options import ReadOptions
from recommender.sources.tree import tree_of

SHARED = Path(__file__).parents[5] / "shared"
POSTS, CORPUS = SHARED / "samples" / "auth0_posts.tar.gz", SHARED / "corpora" / "auth0_blog.jsonl.gz"

pytestmark = pytest.mark.skipif(not POSTS.exists(), reason="the sample posts are not beside this checkout")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("posts")
    with tarfile.open(POSTS) as archive:
        archive.extractall(path, filter="data")
    return path


@pytest.fixture(scope="module")
def records(root: Path) -> dict[str, Record]:
    items = list(read_tree(tree_of(root), ReadOptions()))
    found = [parse_article(dict(item.fields), item.place) for item in items if isinstance(item, Entry)]
    assert len([item for item in items if isinstance(item, LeftOut)]) + len(found) == 764
    return {record.article.id: record for record in found}


def test_every_list_is_found(root: Path) -> None:
    lists = []
    for path in sorted(root.rglob("*.m*")):
        matter, _ = front_matter_of(taken_apart(path.read_text("utf-8-sig").replace("\r\n", "\n")), "")
        lists.append(curated_items(matter, ReadOptions())[1])
    assert (len(lists), sum(map(bool, lists)), sum(map(len, lists))) == (764, 712, 2_021)


def test_articles_dates_and_lists(records: dict[str, Record]) -> None:
    assert len(records) == 754
    assert sum(record.article.published_at is not None for record in records.values()) == 754
    assert sum(bool(record.related) for record in records.values()) == 704
    known = [name in records for record in records.values() for name in record.related or ()]
    assert (len(known), sum(known)) == (1_994, 1_913)


@pytest.mark.skipif(not CORPUS.exists(), reason="the development corpora are not beside this checkout")
def test_the_corpus_says_the_same(records: dict[str, Record]) -> None:
    with gzip.open(CORPUS) as lines:
        corpus = {item["id"]: item for item in map(orjson.loads, lines)}
    both = [(records[name], item) for name, item in corpus.items() if name in records]
    assert len(both) == 732
    assert all(record.article.title == " ".join(item["title"].split()) for record, item in both)
    dates = [(record.article.published_at, item["published_at"]) for record, item in both if item["published_at"]]
    assert len(dates) == 730
    assert all(f"{mine:%Y-%m-%d}" == its[:10] for mine, its in dates if mine)
    alike = sum([name for name in r.related or () if name in corpus] == item["related"] for r, item in both)
    assert alike == 727
    words = [(set(record.article.body.split()), set(item["body"].split())) for record, item in both]
    assert min(len(mine & its) / len(its) for mine, its in words if its) > 0.9
