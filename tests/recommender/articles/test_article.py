"""Articles as values: their paragraphs, what they say of another article, and the stub of a teaser."""

from recommender.articles import Article, stub_from_teaser


def test_paragraphs_are_what_blank_lines_part() -> None:
    assert Article(id="a", body="One.\n\nTwo,\nstill two.").paragraphs == ["One.", "Two,\nstill two."]
    assert Article(id="a").paragraphs == []


def test_an_article_is_published_and_no_stub_and_of_no_other_unless_it_says_so() -> None:
    plain = Article(id="a", title="T")
    assert (plain.published, plain.is_stub, plain.canonical_url, plain.translation_of) == (True, False, None, None)
    other = Article(id="a", extra={"canonical_url": "https://a.example/b", "translation_of": "c"})
    assert (other.canonical_url, other.translation_of) == ("https://a.example/b", "c")


def test_a_teaser_without_an_id_gets_one_from_its_words() -> None:
    one = stub_from_teaser("Ships, late: again!")
    assert one == Article(id=one.id, teasers=("Ships, late: again!",), is_stub=True)
    assert one.id == stub_from_teaser("SHIPS late — again").id
    assert one.id != stub_from_teaser("Ships early again").id
