"""Which words say nothing, in which language a text is, and what of it comes through to the lists."""

import random
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from index.store.reading import open_snapshot
from recommender.articles import Article, Record
from recommender.corpus.encoder import Encoder
from recommender.errors import SnapshotError
from recommender.text import stop_words
from recommender.text.stop_words import (
    LANGUAGES,
    LEAST_WORDS,
    function_words,
    list_languages,
    lists_version,
    told_languages,
    words,
)
from tests.conftest import ROOT, snapshot_of
from tests.index.samples import articles, contents_of, lists_of, reseal, written

LISTS = ROOT / "recommender" / "text" / "function_words"

PROSE = {
    "da": "Branden brød ud i et lager ved havnen kort efter midnat og bredte sig til to bygninger, inden"
    " brandvæsenet nåede frem. Ingen kom noget til, men fyrre måtte forlade deres hjem. Ejeren sagde, at han"
    " ikke vidste, hvordan det var begyndt.",
    "de": "Das Feuer brach kurz nach Mitternacht in einer Lagerhalle am Hafen aus und griff auf zwei Gebäude über,"
    " bevor die Feuerwehr eintraf. Verletzt wurde niemand, aber vierzig Menschen mussten ihre Wohnungen"
    " verlassen.",
    "en": "The fire broke out in a warehouse near the harbour shortly after midnight and spread to two buildings"
    " before crews could reach it. Nobody was hurt, but forty people had to leave their homes.",
    "es": "El incendio se declaró en un almacén del puerto poco después de la medianoche y se extendió a dos"
    " edificios antes de que llegaran los bomberos. Nadie resultó herido, pero cuarenta vecinos tuvieron que"
    " dejar sus casas.",
    "fi": "Palo syttyi satamassa olevassa varastossa pian puolenyön jälkeen ja levisi kahteen rakennukseen ennen"
    " kuin palokunta ehti paikalle. Kukaan ei loukkaantunut, mutta neljäkymmentä ihmistä joutui lähtemään"
    " kodeistaan. Omistaja sanoi, että hän ei tiedä, miten se alkoi.",
    "fr": "L'incendie s'est déclaré dans un entrepôt du port peu après minuit et s'est propagé à deux immeubles"
    " avant l'arrivée des pompiers. Quarante habitants ont dû quitter leur logement, mais il n'y a pas de"
    " blessés.",
    "it": "L'incendio è scoppiato in un magazzino del porto poco dopo la mezzanotte e si è esteso a due palazzi"
    " prima che arrivassero i pompieri. Nessuno è rimasto ferito, ma quaranta persone hanno dovuto lasciare le"
    " loro case.",
    "nl": "De brand brak kort na middernacht uit in een loods bij de haven en sloeg over naar twee gebouwen voordat"
    " de brandweer er was. Niemand raakte gewond, maar veertig mensen moesten hun huis verlaten.",
    "no": "Brannen brøt ut i et lager ved havnen like etter midnatt og spredte seg til to bygninger før"
    " brannvesenet kom fram. Ingen ble skadet, men førti mennesker måtte forlate hjemmene sine. Eieren sa at"
    " han ikke visste hvordan det hadde begynt.",
    "pl": "Pożar wybuchł w magazynie przy porcie krótko po północy i przeniósł się na dwa budynki, zanim"
    " przyjechali strażacy. Nikt nie został ranny, ale czterdzieści osób musiało opuścić swoje mieszkania."
    " Właściciel powiedział, że nie wie, jak to się zaczęło.",
    "pt": "O incêndio começou num armazém do porto pouco depois da meia-noite e alastrou a dois edifícios antes de"
    " os bombeiros chegarem. Ninguém ficou ferido, mas quarenta moradores tiveram de deixar as suas casas.",
    "ru": "Пожар начался на складе в порту вскоре после полуночи и перекинулся на два здания, прежде чем приехали"
    " пожарные. Никто не пострадал, но сорок человек были вынуждены покинуть свои дома. Владелец сказал, что"
    " он не знает, как это произошло.",
    "sv": "Branden bröt ut i en lagerlokal vid hamnen strax efter midnatt och spred sig till två byggnader innan"
    " brandkåren kom dit. Ingen skadades, men fyrtio personer måste lämna sina hem.",
    "tr": "Yangın gece yarısından hemen sonra limandaki bir depoda çıktı ve itfaiye gelmeden önce iki binaya daha"
    " sıçradı. Hiç kimse yaralanmadı, ancak kırk kişi kendi evini terk etmek zorunda kaldı. Deponun sahibi"
    " bunun nasıl olduğunu bilmiyor ve bunun için üzgün.",
}
UNKNOWN = {
    "cs": "Požár vypukl ve skladu u přístavu krátce po půlnoci a rozšířil se na dvě sousední budovy, než přijeli"
    " hasiči. Nikdo nebyl zraněn, ale čtyřicet lidí muselo opustit své domovy. Majitel řekl, že neví, jak to"
    " začalo.",
    "hu": "A tűz nem sokkal éjfél után tört ki a kikötő egyik raktárában, és két szomszédos épületre is átterjedt,"
    " mielőtt a tűzoltók megérkeztek. Senki sem sérült meg, de negyven embernek el kellett hagynia az"
    " otthonát.",
    "uk": "Пожежа почалася на складі в порту невдовзі після опівночі й перекинулася на дві сусідні будівлі, перш"
    " ніж приїхали пожежники. Ніхто не постраждав, але сорок людей були змушені покинути свої домівки.",
    "ro": "Incendiul a izbucnit într-un depozit din port la scurt timp după miezul nopții și s-a extins la două"
    " clădiri înainte ca pompierii să ajungă. Nimeni nu a fost rănit, dar patruzeci de oameni și-au părăsit"
    " locuințele.",
    "el": "Η φωτιά ξέσπασε σε μια αποθήκη του λιμανιού λίγο μετά τα μεσάνυχτα και επεκτάθηκε σε δύο κτίρια πριν"
    " φτάσει η πυροσβεστική. Κανείς δεν τραυματίστηκε, αλλά σαράντα άνθρωποι έπρεπε να φύγουν από τα σπίτια"
    " τους.",
    "names": "Ena Morling, Tove Brask, Ilse Karne, Juan de la Cruz, Lope de la Vega, Rosa de la Torre, Pilar de la"
    " Hoya, Marta de la Fuente, Inés de la Peña: 12 14 15 16 17",
    "war": " ".join(["war", "die", "mine", "fire"] * 10),
}
"""Languages there is no list for, and texts of which few words could tell anything."""

NEWS = {
    "da": "brand mine lov krig skat dom valg retten have-ø pris hus",
    "de": "brand mine krieg gesetz macht recht wahl ehe dank kraft weg halt uhr jahr gut wagen feuer kirche lage boden",
    "en": "fire bill mine mill system interest cry amount call describe detail fill find front full give move name part"
    " show side sincere thick thin top bottom won like need empty serious keep"
    " go see put hasty company computer",
    "es": "fuego mina estado poder deber haya guerra ley juicio cuenta gobierno calle salvo",
    "fi": "tulipalo sota laki hallitus ali aika kuusi maa",
    "fr": "feu mine guerre loi car or été pouvoir devoir avions personne point bien part mort sommes bourse hôpital",
    "it": "fuoco mina stato sei guerra legge ora verso lungo secondo po fine parte potere governo sale",
    "nl": "brand weer wet oorlog macht deel kamer mijnbouw straf recht kant",
    "no": "brann mine gruve lov krig skatt dom valg",
    "pl": "pożar ogień wojna prawo sąd rząd ma sto zamek",
    "pt": "fogo mina estado poder dever guerra lei via segundo bem governo hoje",
    "ru": "пожар огонь война закон суд мир мая раз власть дело",
    "sv": "brand mål lag krig val dom gruva tre fast fick få",
    "tr": "yangın savaş yasa maden doğru az yüz deprem",
}
"""Words that are what an article is about."""
EMPTY = {
    "da": "og ikke der blev af jeg",
    "de": "die der das war waren man an am über für würde daß dass könnte sein wir mit nicht",
    "en": "the of was re two first herself although would about",
    "es": "el los qué también está fue han según ella sobre no este",
    "fi": "ja ei että hänen joka mutta",
    "fr": "le la sur qu jusqu lorsqu aujourd hui était où même est dans son",
    "it": "il della dell quest dov anch perché più sono nell gli",
    "nl": "de het een niet zijn wordt zou ook aan",
    "no": "og ikke av ble jeg hvordan ikkje",
    "pl": "się nie jest który że oraz był ich",
    "pt": "os não uma pela também são às ele",
    "ru": "что это который не был они её ещё",
    "sv": "och inte är på jag från",
    "tr": "ve bir bu için değil çok",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_holds_function_words_and_no_news(language: str) -> None:
    found = function_words(language)
    assert set(EMPTY[language].split()) <= found
    assert found.isdisjoint(NEWS[language].split())
    assert 100 <= len(found) <= 400


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_names_each_word_once_as_it_is_read_from_a_text(language: str) -> None:
    lines = (LISTS / f"{language}.txt").read_text(encoding="utf-8").splitlines()
    listed = [word for line in lines if not line.startswith("#") for word in line.split()]
    assert sorted(listed) == sorted(function_words(language))
    assert [word for word in listed if words(word) != [word]] == []


def test_every_list_is_known_and_comes_with_the_package() -> None:
    assert {path.stem for path in LISTS.iterdir()} == set(LANGUAGES)
    packaged = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    for path in LISTS.iterdir():
        assert any(fnmatch(f"function_words/{path.name}", pattern) for pattern in packaged["recommender.text"])
    with pytest.raises(FileNotFoundError):
        function_words("cs")


@given(st.text(st.characters() | st.sampled_from(" a_1é'’-ß\u0307İ")))
def test_words_are_those_of_scikit_learn(text: str) -> None:
    assert words(text) == CountVectorizer().build_analyzer()(text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_prose_tells_its_language(language: str) -> None:
    text = PROSE[language]
    assert told_languages(text) == (language,)
    assert told_languages(text.upper() if language != "tr" else text) == (language,)
    assert told_languages(" ".join(text.split()[:30])) == (language,)
    assert told_languages(text * 200) == (language,)
    for declared in ("", "und", "eng", "english"):
        assert list_languages(declared, text) == (language,)


@pytest.mark.parametrize("text", UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_in_no_language_of_a_list_tells_none(text: str) -> None:
    assert len(words(text)) >= LEAST_WORDS
    assert told_languages(text) is None
    assert list_languages("", text) is None


def test_a_short_text_tells_nothing() -> None:
    text = " ".join(words(PROSE["en"])[:LEAST_WORDS])
    assert told_languages(text) == ("en",)
    assert told_languages(text.rpartition(" ")[0]) is None
    assert told_languages("") is None
    assert told_languages("東京で火事 " * 50) is None


def test_the_words_of_another_language_in_it_do_not_change_a_text_s_own() -> None:
    """A third of the words of the English text are German ones, and half of those of the German one English ones."""
    english = "The man who was in the war said that a hat is a hat, and that men die in a war so that others do not: "
    assert told_languages(english + "war, man, hat, die") == ("en",)
    german = "Die Mine war der Ort, an dem man in den Krieg zog; an die Mine hat man sich im Ort erinnert, so am Ende"
    assert told_languages(german) == ("de",)


@pytest.mark.parametrize(("one", "other"), [("de", "en"), ("en", "es"), ("fr", "nl"), ("fi", "sv")])
def test_a_page_in_two_languages_tells_both(one: str, other: str) -> None:
    assert told_languages(f"{PROSE[one]}\n{PROSE[other]}") == (one, other)
    assert told_languages(f"{PROSE[other]}\n{PROSE[one]}") == (one, other)
    assert told_languages(f"{PROSE[one]} " * 9 + PROSE[other]) == (one,)


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ("de", ("de",)),
        ("de-at", ("de",)),
        ("nb", ("no",)),
        ("nn-no", ("no",)),
        ("no", ("no",)),
        ("cs", ()),
        ("he-il", ()),
        ("th", ()),
        ("", ("en",)),
        ("und", ("en",)),
        ("mul", ("en",)),
    ],
)
def test_what_is_declared_is_believed(declared: str, expected: tuple[str, ...]) -> None:
    assert list_languages(declared, PROSE["en"]) == expected


def test_the_version_is_another_when_a_list_is(monkeypatch: pytest.MonkeyPatch) -> None:
    before = lists_version()
    assert lists_version.__wrapped__() == before
    monkeypatch.setattr(stop_words, "function_words", lambda each: function_words(each) | {"fire"} - {"mine"})
    assert lists_version.__wrapped__() != before
    monkeypatch.setattr(stop_words, "function_words", function_words)
    assert lists_version.__wrapped__() == before


def test_a_snapshot_remembers_its_language_and_is_refused_with_other_lists(tmp_path: Path) -> None:
    folder = written(tmp_path / "own", contents_of(articles(12)))
    assert open_snapshot(folder).corpus.lexicon.words.languages == ("en",)
    for key, value, message in (
        ("function_words", ["0123456789abcdef"], "terms.json: built with other stop words; build again"),
        ("function_words", [], "built with other stop words"),
        ("languages", ["../../en"], "terms.json: languages are"),
    ):
        folder = written(tmp_path / f"{key}{len(value)}", contents_of(articles(12)))
        terms = orjson.loads((folder / "terms.json").read_bytes())
        assert key in terms
        (folder / "terms.json").write_bytes(orjson.dumps({**terms, key: value}))
        reseal(folder)
        with pytest.raises(SnapshotError, match=message):
            open_snapshot(folder)


FILLER = {
    "en": "council office week vote city change street question meeting problem letter paper market morning region"
    " worker people family report budget price public summer month local result evening night plan line"
    " building number winter",
    "de": "Rathaus Woche Stadt Straße Frage Sitzung Brief Papier Markt Morgen Gegend Arbeiter Familie Bericht Preis"
    " Sommer Monat Ergebnis Abend Nacht Plan Zeile Gebäude Nummer Winter Leute Antwort Amt Wandel Haushalt",
    "fr": "mairie semaine ville rue question réunion lettre papier marché matin région ouvrier famille rapport prix"
    " mois résultat soir nuit plan ligne immeuble numéro hiver réponse bureau budget problème gens",
    "cs": "radnice týden město ulice otázka schůze dopis papír trh ráno kraj dělník rodina zpráva cena léto měsíc"
    " výsledek večer noc plán řádek budova číslo zima odpověď úřad rozpočet problém lidé",
}
GLUE = {
    "en": "the a of to and in for that with was on by be are from this had it not but".split(),
    "de": "der die das und in zu den von mit ist auf für im an dem nicht war es als man".split(),
    "fr": "le la les de des et en un une que dans est pour qui sur pas par au avec son".split(),
    "cs": "se na je že do to za od po ale jak tak by si pro ve ze než už jen".split(),
}
"""What stands between the words of a made-up article."""


def story(identity: str, word: str, language: str, declared: str, count: int = 210) -> Record:
    """An article that has ``word`` about ten times and nothing else that others have not."""
    rng = random.Random(identity)
    filler = FILLER[language].split()
    text = [rng.choice(GLUE[language] if rng.random() < 0.5 else filler) for _ in range(count)]
    for place in rng.sample(range(count), 10):
        text[place] = word
    return Record(Article(id=identity, title=word.capitalize(), body=f"{' '.join(text)}.", language=declared), identity)


def groups(topics: Sequence[str], language: str, declared: str) -> list[Record]:
    return [story(f"{word}-{language}-{n:02}", word, language, declared) for word in topics for n in range(12)]


def share_of_own(items: Sequence[Record], encoder: Encoder) -> float:
    """Return how many of the first five of every list share the article's word and language, of 1."""
    lists = lists_of(snapshot_of(list(items), encoder), limit=5)
    assert {len(found) for found in lists.values()} == {5}
    same = [other[:-2] == identity[:-2] for identity, found in lists.items() for other, _ in found]
    return sum(same) / len(same)


@pytest.mark.parametrize("declared", ["en", ""])
@pytest.mark.parametrize(
    "topics",
    [
        ("fire", "bill", "mine", "interest"),
        ("mill", "system", "cry", "call"),
        ("flood", "statute", "quarry", "mortgage"),
        ("die", "won", "war", "part"),
    ],
    ids="-".join,
)
def test_articles_that_share_a_word_of_the_news_list_each_other(
    topics: Sequence[str], declared: str, hash_encoder: Encoder
) -> None:
    assert share_of_own(groups(topics, "en", declared), hash_encoder) == 1


@pytest.mark.parametrize(
    ("language", "topics"),
    [
        ("de", ("brand", "mine", "ehe", "weg")),
        ("fr", ("feu", "mine", "été", "avions")),
        ("cs", ("válka", "požár", "will", "from")),
    ],
)
@pytest.mark.parametrize("declared", [True, False], ids=["declared", "undeclared"])
def test_in_other_languages_too(language: str, topics: Sequence[str], declared: bool, hash_encoder: Encoder) -> None:
    assert share_of_own(groups(topics, language, language if declared else ""), hash_encoder) == 1


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "undeclared"])
def test_a_corpus_of_several_languages(declared: bool, hash_encoder: Encoder) -> None:
    """Women die in war; German articles are full of "die" and "war", and theirs say nothing."""
    items = [
        item
        for topics, language in ((("die", "war"), "en"), (("mine", "brand"), "de"), (("mine", "thé"), "fr"))
        for item in groups(topics, language, language if declared else "")
    ]
    assert share_of_own(items, hash_encoder) == 1
    corpus = snapshot_of(items, hash_encoder).corpus
    terms, whole = corpus.lexicon.words.terms, corpus.terms.whole.toarray()
    having = {card.id for card, row in zip(corpus.cards, whole, strict=True) if row[terms.index("die")]}
    assert having == {f"die-en-{n:02}" for n in range(12)}


def test_a_word_is_lost_where_the_declared_language_makes_it_a_function_word(hash_encoder: Encoder) -> None:
    """So that the tests above can fail: with German lists, English articles on "die" and "war" are alike."""
    items = groups(("die", "war", "flood", "man"), "en", "en")
    assert share_of_own(items, hash_encoder) == 1
    german = [replace(item, article=replace(item.article, language="de")) for item in items]
    assert share_of_own(german, hash_encoder) < 0.9
