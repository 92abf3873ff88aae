"""The catalog's tables."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Integer, LargeBinary, MetaData, String, Table, Text

SCHEMA = 7
"""Of these tables; recommender.catalog.upgrade brings earlier ones to it."""

metadata = MetaData()

articles = Table(
    "articles",
    metadata,
    Column("id", String, primary_key=True),
    Column("url", String),
    Column("url_key", String, index=True),
    Column("title", Text, nullable=False),
    Column("teasers", JSON, nullable=False),
    Column("body", Text, nullable=False),
    Column("published_at", String),
    Column("section", String, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("language", String, nullable=False),
    Column("image", String),
    Column("extra", JSON, nullable=False),
    Column("published", Boolean, nullable=False),
    Column("is_stub", Boolean, nullable=False, index=True),
)

# A target stays as the editor gave it (id, URL or stub id) and is resolved on reading, so that a list
# follows when the article behind a stub arrives.
curated = Table(
    "curated",
    metadata,
    Column("article_id", String, ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("target", String, nullable=False),
)

# The stubs that an article replaced (its former ids, or its own), with the teasers they were known by.
aliases = Table(
    "aliases",
    metadata,
    Column("alias", String, primary_key=True),
    Column("article_id", String, ForeignKey("articles.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("teasers", JSON, nullable=False),
)

# The former ids and addresses that an article declares itself. Whether one holds is decided on reading: see
# recommender.catalog.former_names.
former_names = Table(
    "former_names",
    metadata,
    Column("name", String, primary_key=True),
    Column("article_id", String, ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("url_key", String, index=True),
)

# What editors decided about the list of an article, as recommender.editors.documents writes it. Pinned and blocked
# articles stay as they were given, like the targets of a list.
overrides = Table(
    "overrides",
    metadata,
    Column("article_id", String, ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    Column("document", JSON, nullable=False),
)

vectors = Table(
    "vectors",
    metadata,
    Column("model", String, primary_key=True),
    Column("text_sha256", String(64), primary_key=True),
    Column("vector", LargeBinary, nullable=False),
)

# Which articles changed; gone ones too. ``seq`` numbers the newest change of each, ``live_seq`` the newest that is to
# be served before the next build, ``gone_seq`` the newest that removed it; 0: none.
changed = Table(
    "changed",
    metadata,
    Column("article_id", String, primary_key=True),
    Column("seq", Integer, nullable=False, index=True),
    Column("live_seq", Integer, nullable=False, index=True),
    Column("gone_seq", Integer, nullable=False),
)

# Key → value: "schema", "catalog_id" and "stamp:…" (see recommender.catalog.identity), "seq" (the number of the newest
# change), "rules" (the site's, as they were written),
# "boilerplate" (what editors decided of it, as JSON).
meta = Table("meta", metadata, Column("key", String, primary_key=True), Column("value", String, nullable=False))
