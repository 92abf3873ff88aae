"""The README and the pages in docs/ say what is so: examples run, tables are the committed reports', settings exist."""

import re
import shlex
from pathlib import Path

import orjson
import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

import api.cli
import index.cli
from api.app import create_app
from api.keys import KeyRing
from eval.report.show import markdown_pairs, markdown_table, replace_table
from index.live.live import Live
from index.live.served_encoder import ServedEncoder
from recommender.articles import parse_article
from recommender.catalog import Catalog
from recommender.corpus.encoder import HashEncoder
from recommender.editors.rule_file import read_rules
from recommender.settings import Settings
from tests.conftest import DEMO, ROOT, SEED_PAGE, build_store, records

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {
    path: path.read_text(encoding="utf-8")
    for path in (
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "DECISIONS.md")),
        *sorted((ROOT / "docs").glob("*.md")),
    )
}
TEXT = "\n".join(PAGES.values())
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", TEXT, flags=re.DOTALL)
LINES = [line for kind, block in BLOCKS if kind == "sh" for line in re.sub(r"\\\n\s*", "", block).splitlines() if line]
CURLS = [line for line in LINES if line.startswith("curl ")]
COMMANDS = [line for line in LINES if line.startswith("related-")]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    encoder = HashEncoder(dim=64)
    store = build_store(tmp_path_factory.mktemp("store"), records(SEED_PAGE, DEMO), encoder)
    live = Live(store, catalog=Catalog.open(store))
    live.refresh()
    return TestClient(create_app(live, ServedEncoder(lambda _: encoder)))


@pytest.fixture(scope="module")
def key(client: TestClient) -> str:
    return KeyRing(client.app.state.live.store).new("reader")  # type: ignore[attr-defined]


def test_there_are_examples() -> None:
    assert len(CURLS) >= 6
    assert len(COMMANDS) >= 6


@pytest.mark.parametrize("line", CURLS)
def test_curl_examples_answer(client: TestClient, key: str, line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    url = words.pop(0).removeprefix("http://127.0.0.1:8000")
    options = dict(zip(words[::2], words[1::2], strict=True))
    body = options.get("-d", options.get("--json"))
    name, value = options.get("-H", "Accept: */*").split(": ")
    headers = {name: value.replace("KEY", key)} | ({"Content-Type": "application/json"} if "--json" in options else {})
    method = options.get("-X", "POST" if body else "GET")
    answer = client.request(method, url, content=body, headers=headers)
    assert answer.status_code == int(([*re.findall(r"# (\d{3})\b", line), 200])[0]), answer.text
    if ".html" in url:
        assert answer.text.startswith('<ul class="related-articles"')
    elif "related" in url and answer.content:
        for found in answer.json().get("results", [answer.json()]):
            assert found["count"] > 0
            assert ("explain" in url) == all(item["why"] for item in found["items"])


def test_the_rules_of_the_example_can_be_read() -> None:
    (example,) = [block for kind, block in BLOCKS if kind == "yaml"]
    rules = read_rules(example)
    assert len(rules.never_beside) == 2
    assert rules.ignore_tags == {"homepage", "featured"}


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_and_their_options_exist(line: str) -> None:
    import typer

    import eval.cli

    apps = {"related-index": index.cli.app, "related-api": api.cli.app, "related-eval": eval.cli.app}
    program, *words = shlex.split(line, comments=True)
    command = typer.main.get_command(apps[program])
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]  # type: ignore[attr-defined]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known


def test_the_json_lines_example_is_an_article() -> None:
    (example,) = [block for kind, block in BLOCKS if kind == "json"]
    record = parse_article(orjson.loads(example))
    assert record.related == ("timber-ships",)
    assert len(record.article.paragraphs) == 2


def test_every_setting_is_documented_with_its_default() -> None:
    for name, field in Settings.model_fields.items():
        default = "" if field.default == "" else f" `{field.default}`"
        assert f"| `RELATED_{name.upper()}` |{default} |" in PAGES[ROOT / "docs" / "operate.md"]


def test_the_tables_are_made_from_the_committed_reports() -> None:
    reports = sorted((ROOT / "eval" / "results").glob("*.json"))
    assert len(reports) >= 3
    table = markdown_table({path.stem: orjson.loads(path.read_bytes()) for path in reports})
    assert replace_table(README, "quality", table) == README
    pairs = orjson.loads((ROOT / "eval" / "results" / "pairs" / "lee_pincombe.json").read_bytes())
    assert replace_table(README, "pairs", markdown_pairs(pairs)) == README


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 200


def test_every_command_is_documented() -> None:
    runner = CliRunner()
    for name in ("ingest", "build", "check", "list", "export"):
        assert runner.invoke(index.cli.app, [name, "--help"]).exit_code == 0
        assert re.search(rf"related-index {name}\b|`{name}`", TEXT)
    for name in ("check", "try", "use", "show"):
        assert runner.invoke(index.cli.app, ["rules", name, "--help"]).exit_code == 0
        assert f"related-index rules {name} " in TEXT
    for name in ("new", "list", "revoke"):
        assert runner.invoke(api.cli.app, ["keys", name, "--help"]).exit_code == 0
        assert re.search(rf"related-api keys {name}\b|`{name}`", TEXT)


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", PAGES[page]):
        if "://" in target:
            continue
        name, _, heading = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), target
        assert not heading or heading in anchors(path.read_text(encoding="utf-8")), target


def test_files_that_contributing_names_are_there() -> None:
    named = re.findall(
        r"`((?:recommender|index|api|eval|tests|bench)/[\w/]*(?:\.\w+)?)`", PAGES[ROOT / "CONTRIBUTING.md"]
    )
    assert len(named) > 50
    for name in named:
        assert "NAME" in name or (ROOT / name).exists(), name
