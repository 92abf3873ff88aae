"""Encoders: the hash encoder by hand, the packaged model against a plain forward pass."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from recommender.corpus.encoder import (
    BATCH,
    PACKAGED_MODEL,
    Encoder,
    HashEncoder,
    make_encoder,
    packaged_folder,
    weights_digest,
)
from recommender.errors import EncoderError
from tests.conftest import ROOT, SEED_PAGE
from tests.recommender.makers import MISSILES

SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def python(code: str, **environment: str) -> str:
    """Run ``code`` in a process of its own and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_hash_encoder_counts_words() -> None:
    def place(word: str) -> tuple[int, float]:
        code = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")
        return (code // 2) % 384, 1.0 if code % 2 else -1.0

    (one, a), (two, b), (three, c) = place("harbour"), place("deep"), place("ship")
    assert len({one, two, three}) == 3
    first, second = HashEncoder().encode(["Harbour, deep harbour!", "deep “ship”"])
    expected = np.zeros((2, 384))
    expected[0, one], expected[0, two] = 2 * a / 5**0.5, b / 5**0.5
    expected[1, two], expected[1, three] = b / 2**0.5, c / 2**0.5
    np.testing.assert_allclose([first, second], expected, atol=1e-7)
    assert first @ second == pytest.approx(1 / 10**0.5)


@pytest.mark.parametrize("dim", [1, 8, 64])
def test_the_hash_encoders_rows_are_unit(dim: int) -> None:
    encoder = HashEncoder(dim)
    rows = encoder.encode([*MISSILES, "", "…", "a a b b", "船が港に着いた"])
    assert (rows.dtype, rows.shape, encoder.dim) == (np.float32, (8, dim), dim)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(rows[4], np.eye(1, dim)[0])
    assert encoder.encode([]).shape == (0, dim)


def test_the_hash_encoder_is_the_same_in_every_process() -> None:
    code = (
        "import hashlib; from recommender.corpus.encoder import HashEncoder;"
        f"print(hashlib.sha256(HashEncoder(64).encode({list(MISSILES)!r}).tobytes()).hexdigest())"
    )
    here = hashlib.sha256(HashEncoder(64).encode(MISSILES).tobytes()).hexdigest()
    assert [python(code, PYTHONHASHSEED=seed) for seed in ("1", "2")] == [here, here]
    assert (HashEncoder(64).name, HashEncoder(64).revision) == ("hash", "blake2b-64")


def test_a_known_article_is_answered_without_torch(tmp_path: Path) -> None:
    code = f"""
import sys
from contextlib import closing
from pathlib import Path
import api.app, recommender.corpus.corpus, recommender.corpus.encoder, recommender.recommender
from fastapi.testclient import TestClient
from index.build import build
from index.live.live import Live
from recommender.catalog import Catalog
from recommender.corpus.encoder import HashEncoder
from recommender.catalog.ingest import ingest
store = Path({str(tmp_path)!r})
with closing(Catalog.open(store)) as catalog:
    ingest(catalog, [Path({str(SEED_PAGE)!r})])
    build(store, catalog, HashEncoder())
with TestClient(api.app.create_app(Live(store))) as client:
    answer = client.get("/v1/articles/aras-2025/related")
print(answer.status_code, answer.json()["count"], [name for name in ("torch", "transformers") if name in sys.modules])
"""
    assert python(code, RELATED_ACCESS_LOG="false") == "200 8 []"


@pytest.mark.parametrize("model", ["no-such/model", "no such model", "../x/y/z", ""])
def test_an_unknown_model_is_named(model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EncoderError) as caught:
        make_encoder(model)
    assert model in str(caught.value)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "2_Dense/pytorch_model.bin", "model.pkl"])
def test_weights_that_must_be_unpickled_are_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    for file in (name, "model.safetensors"):
        (tmp_path / file).write_bytes(b"weights")
    with pytest.raises(EncoderError, match="weights that must be unpickled are not loaded"):
        make_encoder(str(tmp_path))


@pytest.mark.parametrize("files", [[], ["model.safetensors.index.json"]])
def test_a_folder_without_safetensors_is_refused(files: list[str], tmp_path: Path) -> None:
    for name in files:
        (tmp_path / name).write_bytes(b"weights")
    with pytest.raises(EncoderError, match=f"no \\*.safetensors in {tmp_path}"):
        make_encoder(str(tmp_path))


def test_the_digest_is_over_all_weights_by_name(tmp_path: Path) -> None:
    (tmp_path / "b.safetensors").write_bytes(b"two")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.safetensors").write_bytes(b"one")
    assert weights_digest(tmp_path) == hashlib.sha256(b"onetwo").hexdigest()[:16]


def test_hash_is_a_model_by_name() -> None:
    encoder = make_encoder("hash")
    np.testing.assert_array_equal(encoder.encode(["a ship"]), HashEncoder(384).encode(["a ship"]))


@pytest.mark.model
def test_the_packaged_weights_are_the_published_ones(model_encoder: Encoder) -> None:
    (file,) = packaged_folder().rglob("*.safetensors")
    assert hashlib.sha256(file.read_bytes()).hexdigest() == SHA256
    assert (model_encoder.name, model_encoder.revision) == (PACKAGED_MODEL, SHA256[:16])


@pytest.mark.model
def test_the_model_is_made_and_measured_without_torch() -> None:
    code = (
        "import sys; from recommender.corpus.encoder import make_encoder;"
        f"print(make_encoder({PACKAGED_MODEL!r}).dim, 'torch' in sys.modules)"
    )
    assert python(code) == "384 False"


PAIRS = [
    ("A missile from Yemen was intercepted over Israel.", "Houthi rocket shot down by the air force.", 0.38626),
    ("The harbour will be dug two metres deeper.", "Dredging of the port's channel was approved.", 0.36448),
    ("The harbour will be dug two metres deeper.", "She won the chess final in three games.", 0.02122),
]


@pytest.mark.model
def test_the_model_gives_the_cosines_it_always_gave(model_encoder: Encoder) -> None:
    left, right = (model_encoder.encode([pair[i] for pair in PAIRS]) for i in (0, 1))
    np.testing.assert_allclose((left * right).sum(axis=1), [golden for _, _, golden in PAIRS], atol=1e-4)


@pytest.mark.model
def test_the_model_is_a_mean_over_its_last_layer(model_encoder: Encoder) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = str(packaged_folder())
    tokenizer, network = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    expected = []
    texts = [text for pair in PAIRS for text in pair[:2]]
    for text in texts:
        tokens = tokenizer(text, return_tensors="pt")
        with torch.no_grad():
            mean = network(**tokens).last_hidden_state[0].mean(dim=0).numpy()
        expected.append(mean / np.linalg.norm(mean))
    np.testing.assert_allclose(model_encoder.encode(texts), expected, atol=1e-5)


@pytest.mark.model
def test_the_model_keeps_the_order_whatever_the_lengths(model_encoder: Encoder) -> None:
    texts = [" ".join(["ship", f"n{n}"] * (1 + n * 7 % 23)) for n in range(2 * BATCH + 3)]
    rows = model_encoder.encode(texts)
    assert (rows.dtype, rows.shape) == (np.float32, (len(texts), 384))
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(rows, np.vstack([model_encoder.encode([text]) for text in texts]), atol=1e-5)
    assert model_encoder.encode([]).shape == (0, 384)


@pytest.mark.model
def test_a_folder_that_holds_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"not a tensor")
    with pytest.raises(EncoderError, match="holds no sentence-transformers model"):
        make_encoder(str(tmp_path)).encode(["a ship"])
