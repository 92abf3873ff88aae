"""The elements of HTML, by what they do to the text inside (HTML Living Standard, with the obsolete ones still met)."""

BLOCKS = frozenset(
    "address article aside blockquote caption center dir details dialog div dl fieldset figcaption figure footer form "
    "h1 h2 h3 h4 h5 h6 header hgroup hr legend listing main menu nav ol p pre search section summary table ul "
    "xmp".split()
)
"""What makes a paragraph of its own."""

LINES = frozenset("dd dt li tr".split())
"""What makes a line of its own."""

CELLS = frozenset("td th".split())
"""What a space parts from its neighbours."""

PASSIVE = frozenset("body col colgroup head html tbody tfoot thead".split())
"""What only holds other elements."""

INLINE = frozenset(
    "a abbr acronym b bdi bdo big blink cite code data del dfn em font i ins kbd label mark marquee meter nobr output "
    "picture progress q rb rp rt rtc ruby s samp slot small span strike strong sub sup time tt u var wbr "
    "math mfrac mi mn mo mover mpadded mphantom mroot mrow ms mspace msqrt mstyle msub msubsup msup mtable mtd mtext "
    "mtr munder munderover semantics".split()
)
"""What runs on in the line: words go across its bounds."""

UNSEEN = frozenset("annotation annotation-xml datalist noembed noframes noscript script style template title".split())
"""What a reader does not see: it is dropped with its contents, and the words around it join."""

REPLACED = frozenset("applet audio button canvas iframe object select svg textarea video".split())
"""What a picture, a player or a control stands for: it is dropped with its contents, and parts the words around it."""

VOID = frozenset(
    "area base basefont bgsound br embed frame hr img input keygen link meta param source track wbr".split()
)
"""What never has contents or an end tag."""

KNOWN = BLOCKS | LINES | CELLS | PASSIVE | INLINE | UNSEEN | REPLACED | VOID | frozenset(("map", "option", "optgroup"))
