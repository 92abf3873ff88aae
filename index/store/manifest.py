"""The manifest: what a snapshot is made of, with the SHA-256 and size of every file in it."""

import hashlib
from datetime import datetime
from pathlib import Path

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from index.candidates.neighbours import IndexKind
from recommender.catalog import Origin
from recommender.errors import SchemaError, SnapshotError

SCHEMA = 6
NAME = "manifest.json"
HNSW = "neighbours.faiss"
"""The file of the HNSW graph, in a snapshot that has one."""
MAX_BYTES = 1 << 20
CHUNK = 1 << 20


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class FileEntry(_Part):
    """One file: its SHA-256 in hex and its size in bytes."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0)


class ModelEntry(_Part):
    """The encoder whose vectors the snapshot holds."""

    name: str
    revision: str
    dim: int = Field(ge=1, le=65_536)


class CatalogEntry(_Part):
    """The catalog that a snapshot was built from, and how far it had come (see recommender.catalog.identity)."""

    id: str
    seq: int = Field(ge=0)
    stamp: str

    @property
    def origin(self) -> Origin:
        """What a catalog compares with its own state."""
        return Origin(self.id, self.seq, self.stamp)


class RankerEntry(_Part):
    """The ranker: where its weights come from, and by signal the weights of its value and of its rank."""

    origin: str
    bias: float
    bias_alone: float
    weights: dict[str, tuple[float, float]]


class Manifest(_Part):
    """Everything about a snapshot but its arrays. ``version`` is made from the content (see version_of).

    ``seq`` numbers the newest change of the catalog that it holds of those that were live before; 0: there was none.
    ``catalog`` says which catalog that was, None of an earlier release's snapshot.
    """

    schema_version: int = Field(ge=1)
    version: str = Field(pattern=r"^[0-9a-f]{16}$")
    built_at: datetime
    seq: int = Field(ge=0)
    catalog: CatalogEntry | None = None
    model: ModelEntry
    articles: int = Field(ge=0)
    stubs: int = Field(ge=0)
    curated_lists: int = Field(ge=0)
    newest_article: datetime | None
    index: IndexKind
    semantic_scale: float = Field(gt=0)
    lexical_scale: float = Field(gt=0)
    ranker: RankerEntry
    files: dict[str, FileEntry]

    def to_bytes(self) -> bytes:
        """Return the manifest as indented JSON."""
        return orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)


def version_of(parts: dict[str, object]) -> str:
    """Return the version of a manifest's ``parts``: a digest of all but the time it was built at, and from where.

    The same catalog, model and settings give the same version, so a rebuild that changed nothing
    changes nothing for anybody. Live changes that a build folds in make another version, whatever they came to.
    """
    content = {key: value for key, value in parts.items() if key not in ("version", "built_at", "catalog")}
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def read_manifest(folder: Path) -> Manifest:
    """Read and check the manifest in ``folder``. Raises SnapshotError (SchemaError if another release wrote it)."""
    path = folder / NAME
    try:
        _check_regular(path)
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise SnapshotError(f"{path}: larger than {MAX_BYTES:,} bytes, so no manifest")
        data = orjson.loads(raw)
    except (OSError, orjson.JSONDecodeError) as error:
        raise SnapshotError(f"{path}: cannot be read as a manifest ({error})") from error
    found = data.get("schema_version") if isinstance(data, dict) else None
    if isinstance(found, int) and found != SCHEMA:
        raise SchemaError(path, found, SCHEMA)
    try:
        manifest = Manifest.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise SnapshotError(f"{path}: {where}: {first['msg']}") from error
    if manifest.version != version_of(manifest.model_dump(mode="json")):
        raise SnapshotError(f"{path}: its content is not that of version {manifest.version}")
    return manifest


def digest(path: Path) -> FileEntry:
    """Return the entry of the regular file at ``path``. Raises SnapshotError if it is none."""
    try:
        _check_regular(path)
        sha = hashlib.sha256()
        size = 0
        with path.open("rb") as file:
            while block := file.read(CHUNK):
                sha.update(block)
                size += len(block)
    except OSError as error:
        raise SnapshotError(f"{path}: cannot be read ({error.strerror})") from error
    return FileEntry(sha256=sha.hexdigest(), size=size)


def _check_regular(path: Path) -> None:
    """Refuse what leads elsewhere, and what blocks whoever opens it. Raises SnapshotError."""
    if path.is_symlink() or not path.is_file():
        raise SnapshotError(f"{path}: missing, or not a regular file")
