"""Markup out of text: what is HTML and what is prose about it, shortcodes, templates, entities, time."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.text import clean, plain, plain_line

PROSE = [
    "AT&T and R&D: fish & chips",
    "a < b and c > d, x<y, 5 > 3 && 2 < 4",
    "if (a<b && c>d) return; if a<b then x=1 and c>d",
    "List<String>, Promise<object>, vector<map> and Map<Button, Table>",
    "#include <stdio.h>\n#include <map>",
    "I <3 this, x << 2, <- back, -> on, <>",
    "https://a.example/?a=1&copy=2&amp=3",
    "write to <info@a.example> or see <https://a.example/p>",
    "tool --title <title> --size <size> <your-name>",
    "solid <length> && <time> of the <date/time> field",
    "The <p> element and the <div> element",
    "<p>: The Paragraph element",
    '<input type="button">',
    'The <input type="checkbox"> element; <a href="#"> too',
    "nested <div>s, the <li>'s margin, a “<table>” (<tr>, <td>)",
    "put it between <p> and </p> tags",
    "Use <br> for line breaks, the <hr /> tag for rules.\n\nNever <br> alone.",
    "Code: `<p>Hello</p>` and `<b>`s\n\n```\n<p>x</p>\n```",
    "return items.map(i => <Item key={i} />)",
    "[sic] [he] [emphasis added] […] [1] [Update] [2-1]",
    "Crash on the bridge [video]",
    "[text](url), [text][ref], [my_text](url), [my_func][ref]",
    'input[type="text"], a[i], row[first_name], f([my_list]), [a-z0-9_]',
    r"mean [mean n=12], \[not_a_code], [[gallery]]",
    r"style={{color: 'red'}}, \frac{{a}}{{b}}, {{1, 2}, {3, 4}}, 100{% off",
    "&notanentity; &copy 2020 &#; &#xZZ; &",
]


@pytest.mark.parametrize("text", PROSE)
def test_prose_stays_as_it_is(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize("name", "script style title textarea template noscript iframe select object svg".split())
@pytest.mark.parametrize("form", ["Use the <{}> element to embed.", "<{}> starts it.", "<p>See</p> <{}>Then this."])
def test_an_element_that_is_not_closed_swallows_nothing(name: str, form: str) -> None:
    text = form.format(name) + "\n\nLast paragraph."
    assert plain(text).endswith("\n\nLast paragraph.")
    assert ("embed" in plain(text)) is ("embed" in form)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<p>One\ntwo</p>\n\n\n<p>Three</p>", "One two\n\nThree"),
        ("<div\n data-x='1'\n><p\n class=\"a\">One</p></div>", "One"),
        ("<p title='a>b' data-y='{\"c\":\"<b>\"}'>One</p>", "One"),
        ('<p class="x"">One</p><p class="x"">Two</p>', "One\n\nTwo"),
        ("<P ALIGN=CENTER>One<P>Two<BR>three", "One\n\nTwo\nthree"),
        ("<em>h</em>arbour <b>mas</b><i>ter</i>", "harbour master"),
        ("First <em>line</em>\nsecond\n\nthird", "First line\nsecond\n\nthird"),
        ("Intro\n\n<h2>Head</h2>\nOne\nstill one\n\nTwo", "Intro\n\nHead\n\nOne still one\n\nTwo"),
        ("One<br>two<br />\nthree<br><br>four", "One\ntwo\nthree\n\nfour"),
        ("<ol><li>a</li>\n\n<li>b<ul><li>c</li></ul></li></ol>d", "a\nb\nc\n\nd"),
        ("<ul><li>a<li>b</ul><dl><dt>c<dd>d</dl>", "a\nb\n\nc\nd"),
        ("<ul><li><p>a</p></li><li><p>b</p></li></ul>", "a\nb"),
        ("<table><tr><th>a</th><th>b</th></tr><tr><td>c</td><td>d</td></tr></table>", "a b\nc d"),
        ("<tr><td>a</td><td>b</td></tr>", "a b"),
        ("\n<br>\n", ""),
        ("<p><br></p>", ""),
        ("<pre>a\n  b\n\nc</pre>", "a\nb\n\nc"),
        ("<blockquote>a\n\nb</blockquote>c", "a\n\nb\n\nc"),
        ("<figure><img src=x><figcaption>A quay</figcaption></figure>B", "A quay\n\nB"),
        ("<p>On the <img src='x'>quay</p>", "On the quay"),
        ("<math><mi>x</mi><mo>=</mo><mn>2</mn></math>", "x=2"),
        ("a <b>cut off <a href='x", "a cut off"),
        ("…end of one.</p><p>Start of", "…end of one.\n\nStart of"),
        ("<o:p></o:p>A<st1:City w:st='on'>den</st1:City> <amp-img src=x></amp-img><x-y>z</x-y>", "Aden z"),
        ("<!DOCTYPE html><html><head><title>T</title></head><body>B</body></html>", "B"),
        ("<![CDATA[<p>One</p>]]>", "One"),
        ("<p>I <3 this & that < x, <my-tag> or a <div> too</p>", "I <3 this & that < x, <my-tag> or a <div> too"),
    ],
)
def test_html(raw: str, expected: str) -> None:
    assert plain(raw) == expected


@pytest.mark.parametrize(
    "unseen",
    [
        '<!-- wp:image {"id":1,"sizeSlug":"large"} -->',
        "<script>if (a<b) { write('<p>x</p>') }</script>",
        "<style media=all>\np > a { color: red }\n</style>",
        "<template><p>x</p></template>",
        "<noscript><img src=x>x</noscript>",
        '<iframe src="https://a.example">x</iframe>',
        "<object data=x><p>x</p></object>",
        "<svg><title>x</title><g><text>x</text></g></svg>",
        "<button class=x>x</button>",
        "<select name=x><option>x<option selected>x</select>",
        "<textarea>x</textarea><input type=text value=x>",
        "<div hidden><p>x</p></div>",
        "<p HIDDEN>x</p>",
        '<ul hidden="until-found"><li>x</li></ul>',
        "<video controls><source src=x>x</video>",
    ],
)
def test_what_is_not_shown_goes_with_its_contents(unseen: str) -> None:
    assert plain(f"<p>Quay</p>{unseen}<p>Crane</p>") == "Quay\n\nCrane"


@pytest.mark.parametrize(
    "shown", ["class='hidden'", "aria-hidden=true", "data-hidden", "title='is hidden now'", "id=hidden"]
)
def test_what_only_speaks_of_hiding_is_shown(shown: str) -> None:
    assert plain(f"<p {shown}>Quay</p>") == "Quay"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("How to use &lt;div&gt;", "How to use <div>"),
        ("<p>Use &lt;b&gt;x&lt;/b&gt; here</p>", "Use <b>x</b> here"),
        ("&lt;b&gt;x&lt;/b&gt; is bold", "<b>x</b> is bold"),
        ("&lt;p&gt;The port…&lt;/p&gt;", "The port…"),
        ("&amp;lt;p&amp;gt;One&amp;lt;/p&amp;gt; &amp;lt;p&amp;gt;Two", "One\n\nTwo"),
        ("&#60;p&#62;One&#x3C;/p&#x3E;", "One"),
        ("the mayor&#8217;s plan &hellip; caf&#xE9;&nbsp;bar", "the mayor’s plan … café bar"),
        ("R&amp;D, &amp;#8217;, &amp;amp;amp;", "R&D, ’, &"),
        ("&amp;amp;amp;amp;", "&amp;"),
        ("soft&shy;hyphen, &#150; and &#0;", "softhyphen, – and \ufffd"),
    ],
)
def test_entities(raw: str, expected: str) -> None:
    assert plain(raw) == expected


ENTITIES = st.sampled_from(
    ["&amp;", "&gt;", "&#8217;", "&#x41;", "&eacute;", "&amp;eacute;", "&amp;amp;#233;", "x ", ";"]
)


@given(st.lists(ENTITIES).map("".join))
def test_entities_are_those_of_html(text: str) -> None:
    assert plain(text) == clean(html.unescape(html.unescape(html.unescape(text))))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ('[caption id="a" align="left"]<a href=x><img src="q" /></a> A quay[/caption]\nB', "A quay\nB"),
        ('A [gallery ids="1,2"] B [gallery] C', "A B C"),
        ("[gallery ids=&#8221;1,2&#8243;]A [x a=&quot;b&quot;]B", "A B"),
        ('[vc_row][vc_column width="1/2"]A[/vc_column][vc_column]B[/vc_column][/vc_row]', "A\n\nB"),
        ("[my_box]text[/my_box] and [x /]self", "text and self"),
        ("[dropcap]T[/dropcap]he port, see [su_mark]this[/su_mark] quay", "The port, see this quay"),
        ("[url=https://a.example]BB[/url] [b]code[/b]", "BB code"),
        ("[vc_raw_html]JTNDZGl2JTNF[/vc_raw_html]A", "A"),
        ("[audio mp3='x.mp3'][/audio]A [video width=1 height=2]", "A"),
        ('[contact-form-7 id="4" title="Write [to] us"] A', '[contact-form-7 id="4" title="Write [to] us"] A'),
        ('{{% note %}}text{{% /note %}} {{< ref "x" >}}A', "text A"),
        ('{{< figure src="a.jpg" caption="<b> {c}" >}}A', "A"),
        ("{% raw %}{{ x }}{% endraw %} {{ y }}A", "{{ x }} A"),
        ("A{% comment %}b {{ c }}{% endcomment %}{{/* d */}}{# e #}F", "AF"),
        ("{%- if x -%}A{%- else -%} B{% endif %}", "A B"),
        ('<a href="{{ site.url }}/x">A</a> by {{page.title}}, {{ "b" | upcase }}C', "A by , C"),
        ("{% comment %}never ended", "never ended"),
    ],
)
def test_shortcodes_and_templates(raw: str, expected: str) -> None:
    assert plain(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Harbour plan:<br>what next", "Harbour plan: what next"),
        ("Harbour plan <br> what next", "Harbour plan what next"),
        ("<em>Aras</em> &amp; the\nport", "Aras & the port"),
        ("<h1>One</h1><p>two</p>", "One two"),
        ("<br>: The Line Break element", "<br>: The Line Break element"),
        ("[my_tag]Two  spaces[/my_tag]\u00a0here", "Two spaces here"),
        ("A\u2029B\x0cC", "A B C"),
    ],
)
def test_plain_line(raw: str, expected: str) -> None:
    assert plain_line(raw) == expected


WORDS = st.sampled_from(["quay", "crane", "ship", "Zürich", "&amp;", "1 < 2"])
TAGS = st.sampled_from(
    "<p> </p> <div> </div> <b> </b> <i> </i> <a/href='x'> </a> <ul> </ul> <li> </li> <h2> </h2> <br> <hr/> <pre> "
    "</pre> <blockquote> </blockquote> <span> </span> <dd> <dt> </dl> <form> </form> <!----> <x-y> "
    "</x-y> <center>".split()
).map(lambda tag: tag.replace("<a/", "<a\n"))


@given(st.lists(st.one_of(WORDS, TAGS), max_size=40))
def test_no_word_is_lost_whatever_is_closed(pieces: list[str]) -> None:
    written = [piece for piece in pieces if not piece.startswith("<")]
    text = plain("<p>Start</p>" + "".join(pieces) + "<p>End</p>")
    assert "".join(text.split()) == "".join(html.unescape("".join(["Start", *written, "End"])).split())


def test_blocks_are_parted_however_deep_they_lie() -> None:
    assert plain("<div>" * 5000 + "a<p>b</p>c" + "</div>" * 5000) == "a\n\nb\n\nc"


HOSTILE = ["<", "<a", "<a ", '<a href="', '<a "="', "<div>", "<b><p>", "<b><i>", "<ul><li>", "<dd><li>", "<table><tr>"]
HOSTILE += [
    "<p><div></p></div>",
    "</p>",
    "<span hidden>",
    "<script>",
    "<!--",
    "&",
    "&amp;",
    "[",
    "[a ",
    "[/a]",
    "[a_b]",
]
HOSTILE += ["{{", "{%", "{{<", "{{/*", "{% raw %}", "a <script> ", "`", "[vc_raw_html]", "&lt;p&gt;", "<p x='"]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", HOSTILE)
def test_time_is_linear_and_nothing_after_it_is_lost(piece: str) -> None:
    assert plain(piece * (200_000 // len(piece)) + " The end.").endswith("The end.")


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("opening", "closing", "length"),
    [
        ("<div>", "</div>", 1_000_000),  # without a bound on the depth, a minute
        ("<ul><li>", "</li></ul>", 200_000),
        ("<b><i>", "</b>", 200_000),
        ("<table><tr><td>", "</td></tr></table>", 200_000),
    ],
)
def test_nesting_costs_no_more(opening: str, closing: str, length: int) -> None:
    depth = length // len(opening + closing)
    assert plain(opening * depth + "in" + closing * depth + " out").split() == ["in", "out"]
