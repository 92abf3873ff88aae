"""The site's rules as people write them: YAML, read strictly.

    ignore_tags: [homepage, featured]       # say nothing about likeness
    never_beside:
      - from: {section: obituaries}         # whose lists it is about; left out: everyone's
        to: {tag: [promotion, giveaway]}    # what may not stand there; left out: nothing may
        both: true                          # nor the other way round; left out: false
        reason: a death notice is no place for advertising      # required
        until: 2027-01-31                   # a date or time, exclusive; left out: for good

Articles are told by ``id``, ``tag``, ``section``, ``title`` and ``url`` (see Matcher), each a string or a list. A rule
that is not understood must not silently be none: whatever is not known is an error, named by its line.
"""

import yaml

from recommender.editors.rules import Matcher, NeverBeside, SiteRules
from recommender.editors.yaml_nodes import (
    Field,
    absent,
    compose,
    fields,
    flag,
    items,
    line_of,
    moment,
    sentence,
    strings,
    wrong,
)
from recommender.errors import RulesError

MAX_BYTES = 1_000_000
MAX_RULES = 1_000

_TOP = ("ignore_tags", "never_beside")
_RULE = ("from", "to", "both", "reason", "until")
_MATCHER = ("id", "tag", "section", "title", "url")


def read_rules(text: str, place: str = "") -> SiteRules:
    """Return the rules that the YAML ``text`` states; none where it is empty. Rules that are over are read too.

    Raises RulesError naming ``place`` and line, the key, the value and what was expected.
    """
    try:
        return _site_rules(text)
    except RulesError as error:
        where = f"{place}:{error.place}" if place else f"line {error.place}"
        raise RulesError(error.message, where) from None


def _site_rules(text: str) -> SiteRules:
    """The same, the place of an error being its line alone."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise RulesError(f"the rules are {size:,} bytes long, the limit is {MAX_BYTES:,}", "1")
    root = compose(text)
    if root is None or absent(root):
        return SiteRules()
    found = fields(Field("", root), _TOP)
    tags: tuple[str, ...] = ()
    if (ignored := found.get("ignore_tags")) and not _nothing(ignored):
        tags = strings(ignored)
    rules = found.get("never_beside")
    return SiteRules(_rules(rules) if rules else (), frozenset(tag.casefold() for tag in tags))


def _nothing(value: Field) -> bool:
    """Whether a list is empty, as one is whose entries were all made comments."""
    return absent(value.node) or items(value) == []


def _rules(value: Field) -> tuple[NeverBeside, ...]:
    if _nothing(value):
        return ()
    nodes = items(value)
    if nodes is None:
        raise wrong(value, "a list of rules")
    if len(nodes) > MAX_RULES:
        message = f"{value.name} has {len(nodes):,} rules, the limit is {MAX_RULES:,}"
        raise RulesError(message, str(line_of(nodes[MAX_RULES])))
    return tuple(_rule(node) for node in nodes)


def _rule(node: yaml.Node) -> NeverBeside:
    found, line = fields(Field("a rule", node), _RULE), line_of(node)
    found = {key: Field(key, value.node) for key, value in found.items()}
    if "from" not in found and "to" not in found:
        raise RulesError("a rule has neither 'from' nor 'to', expected at least one: it would forbid all", str(line))
    if "reason" not in found:
        raise RulesError("a rule has no 'reason', expected a string that says why", str(line))
    return NeverBeside(
        source=_matcher(found["from"]) if "from" in found else None,
        target=_matcher(found["to"]) if "to" in found else None,
        both=flag(found["both"]) if "both" in found else False,
        reason=sentence(found["reason"]),
        until=moment(found["until"]) if "until" in found else None,
        line=line,
    )


def _matcher(value: Field) -> Matcher:
    found = {key: strings(each) for key, each in fields(value, _MATCHER).items()}
    if empty := [key for key in found if not found[key]]:
        raise wrong(fields(value, _MATCHER)[empty[0]], "at least one string")
    if not found:
        raise wrong(value, f"a mapping with at least one of the keys {', '.join(_MATCHER)}")
    return Matcher(
        ids=frozenset(found.get("id", ())),
        tags=frozenset(tag.casefold() for tag in found.get("tag", ())),
        sections=frozenset(section.casefold() for section in found.get("section", ())),
        titles=found.get("title", ()),
        urls=found.get("url", ()),
    )
