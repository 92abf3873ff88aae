"""The text of a page: what a reader sees, once and whole."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.sources.markdown.body import Dialect, body_of
from recommender.sources.markdown.plain_blocks import as_written
from recommender.text import clean
from recommender.text.markup.plain_text import plain
from tests.timing import grows_linearly


def shown(text: str, generator: str = "", *, mdx: bool = False, title: str = "T") -> str:
    return plain(body_of(text, title, Dialect(generator, mdx)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One\ntwo\n\nThree", "One two\n\nThree"),
        ("# T\n\nText", "Text"),
        ("# Other\n\nText", "Other\n\nText"),
        ("A [link](http://a.b/c_d 'x') and ![alt text](p.png)end", "A link and end"),
        ("[![badge](a.svg)](http://x)\n\nText", "Text"),
        ("*a* **b** `c` ~~d~~ snake_case 2 * 3", "a b c d snake_case 2 * 3"),
        ("a < b, `x < y`, AT&T, [sic] and `List<String>`", "a < b, x < y, AT&T, [sic] and List<String>"),
        ("Use `<div>` and `[gallery ids=1]` or `&lt;`", "Use <div> and [gallery ids=1] or &lt;"),
        ("&copy; &amp;amp; \\*x\\*", "© &amp; *x*"),
        ("| a | b |\n|---|---|\n| c | *d* |", "a b\nc d"),
        ("* one\n* two\n\nText", "one\ntwo\n\nText"),
        ("```sh\n# no heading\n<b>x</b> {{ y }}\n```", "# no heading\n<b>x</b> {{ y }}"),
        ("Text [a][1] and [b].\n\n[1]: http://x 'y'\n[b]: http://y", "Text a and b."),
        ("Text.[^1]\n\n[^1]: The note.", "Text.\n\nThe note."),
        ("a<!-- b -->c\n\n<!-- d\n\ne -->\n\nf", "ac\n\nf"),
        ("<!--more-->\n\nText", "Text"),
        ("<p>A <b>bold</b> one<br>two</p>\n\n    code <i>", "A bold one\ntwo\n\ncode <i>"),
        ("x<br/>y\n\n`<hr>`\n\n* l\n* m", "x\ny\n\n<hr>\n\nl\nm"),
        ("<script>alert(1)</script>\n\nText", "Text"),
        ('!!! note "Mind"\n    Wet.\n\n    ```\n    a\n    ```\n\nAfter', "Mind\n\nWet.\n\na\n\nAfter"),
        (":::tip Take care\nHello\n:::", "Take care\n\nHello"),
        ("> [!NOTE]\n> Mind", "Mind"),
        ("[TOC]\n\nText\n{: .lead}\n\n* TOC\n{:toc}", "Text"),
        ("## Head {#id .c}\n\nSee [[Port|the port]], [[Quay]].", "Head\n\nSee the port, Quay."),
        ("- [ ] do\n- [x] done", "do\ndone"),
        ("*[HTML]: Hyper\n\nHTML", "HTML"),
        ("if [[ -f x ]]; then `[[ y ]]`", "if [[ -f x ]]; then [[ y ]]"),
    ],
)
def test_markdown_as_text(text: str, expected: str) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize(
    ("generator", "text", "expected"),
    [
        ("hugo", '{{< figure src="x" caption="The quay" >}}\n\nText', "The quay\n\nText"),
        ("hugo", "{{% note %}}text{{% /note %}}", "text"),
        ("hugo", '[x]({{< ref "a.md" >}}) {{</* z */>}}', "x {{< z >}}"),
        ("hugo", "{{< highlight go >}}\na < b\n{{< /highlight >}}", "a < b"),
        ("jekyll", "[ship]({% post_url 2019-01-02-ship %}) {{ page.title }}x", "ship x"),
        ("jekyll", "{% raw %}{{ page.title }}{% endraw %}", "{{ page.title }}"),
        ("jekyll", "{% highlight js %}\n# {x} <a>\n{% endhighlight %}", "# {x} <a>"),
        ("jekyll", '{% include figure.html caption="The quay" %}\n{% if x %}A{% endif %}', "The quay\n\nA"),
        ("jekyll", "{% comment %}no{% endcomment %}yes", "yes"),
        ("zola", '{{ youtube(id="x") }}\n\n{% quote(author="V") %}text{% end %}', "text"),
        ("mkdocs", "`{{ x }}` {{ y }}z", "{{ x }} z"),
        ("", "```\n{% if x %}\n```", "{% if x %}"),
    ],
)
def test_templates_go_and_what_they_enclose_stays(generator: str, text: str, expected: str) -> None:
    assert shown(text, generator) == expected


def test_mdx() -> None:
    text = """import X from '@x'
import {
  A,
} from "b"
export const meta = {
  a: 1,

  b: 2,
}

# Plan

import taxes are high.

<Tabs values={[{a: ">"}]} on={() => x}>
  <TabItem value="a">
    Text {props.x}in {'a'} tab
  </TabItem>
</Tabs>

{/* gone */}

```js
import y from 'y'
<Tabs>{x}</Tabs>
```
"""
    expected = "Plan\n\nimport taxes are high.\n\nText in a tab\n\nimport y from 'y'\n<Tabs>{x}</Tabs>"
    assert shown(text, mdx=True) == expected


def test_what_r_runs_unseen_is_no_text() -> None:
    text = "```{r, echo=FALSE}\nx <- 1\n```\n\n```{python}\n#| echo: false\ny\n```\n\n```{r}\nz\n```"
    assert shown(text) == "z"


MARKS = """< > & &lt; &amp; {{ {% %} }} [a_b] [gallery] [/b] <b> </b> ` x &#91; <!-- --> <p>x</p> {# #} [b] AT&T &LT;
<br> é ``` |""".split()
PIECES = st.lists(st.sampled_from([*MARKS, " ", "\n", "\n\n"]), max_size=12).map("".join)


@settings(max_examples=400)
@given(st.one_of(PIECES, st.text(st.characters(exclude_categories=["Cs"]), max_size=30)))
def test_text_written_with_entities_is_read_back_as_it_was(text: str) -> None:
    text = text.replace("\ufdd0", "")
    assert plain(as_written(text)) == clean(text)


OPENINGS = """[ ` ``a` {{ {% {%raw%} {{<x {{</* {a *a _a [a]( ![a]( [[a [^a]: {: <b> &amp; {{youtube( \\ <""".split()
LINES = [
    "> ",
    "- ",
    "!!! note\n    ",
    "import {\n\n",
    "export {\n",
    "|a|\n|-|\n",
    "~~~\n",
    "```\n\n",
    ":::\n",
    "a\n",
    "[a]: b\n",
]
TAGS = ["<Tabs ", "<!-- ", "<a {", "{% highlight x %}", "{{< x "]


@pytest.mark.parametrize("piece", [*OPENINGS, *LINES, *TAGS])
@pytest.mark.parametrize("mdx", [False, True])
def test_time_is_linear(piece: str, mdx: bool) -> None:
    assert grows_linearly(lambda size: body_of(piece * (size // len(piece)), "", Dialect("jekyll", mdx)), 4_000)
