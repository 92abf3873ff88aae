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

from difflib import get_close_matches
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, FailFast, Field, ValidationError

from recommender.editors.rules import Matcher, Moment, NeverBeside, SiteRules
from recommender.editors.yaml_text import Path, Places, is_nothing, line_of, read_yaml, shown, whole_number
from recommender.errors import RulesError

MAX_BYTES = 1_000_000
MAX_RULES = 1_000

_String = Annotated[str, Field(min_length=1)]
_Strings = Annotated[
    list[Annotated[_String, BeforeValidator(lambda value: whole_number(value) or value)]],
    FailFast(),
    BeforeValidator(lambda value: value if isinstance(value, list) else [value]),
    Field(description="a string or a list of strings, none empty (in quotes what could be read as anything else)"),
]
_Tests = Annotated[_Strings, Field(default_factory=list, min_length=1)]
_MayBeEmpty = BeforeValidator(lambda value: [] if is_nothing(value) else value)
"""Also where nothing is written: all entries of a list may have been made comments."""


class _Form(BaseModel):
    """A mapping in the file; the description of a field is what an error says was expected."""

    model_config = ConfigDict(strict=True, extra="forbid")


class _Matcher(_Form):
    id: _Tests
    tag: _Tests
    section: _Tests
    title: _Tests
    url: _Tests

    def matcher(self) -> Matcher:
        tags, sections = (frozenset(map(str.casefold, values)) for values in (self.tag, self.section))
        titles, urls = (tuple(dict.fromkeys(values)) for values in (self.title, self.url))
        return Matcher(frozenset(self.id), tags, sections, titles, urls)


_Side = Annotated[_Matcher, BeforeValidator(lambda value: value or None)] | None
"""An empty mapping, which would fit every article, is none."""


class _Rule(_Form):
    source: _Side = Field(None, alias="from")
    target: _Side = Field(None, alias="to")
    both: bool = Field(False, description="true or false")
    reason: _String = Field(description="a string that says why and is not empty")
    until: Moment | None = Field(None, description="a date or time such as 2027-01-31 or 2027-01-31T18:00+01:00")

    def rule(self, line: int) -> NeverBeside:
        if not (self.source or self.target):
            message = "a rule has neither 'from' nor 'to', expected at least one: it would forbid all"
            raise RulesError(message, str(line))
        source = self.source.matcher() if self.source else None
        target = self.target.matcher() if self.target else None
        return NeverBeside(source, target, self.both, self.reason, self.until, line)


_Rules = Annotated[list[_Rule], _MayBeEmpty, Field(max_length=MAX_RULES, description="a list of rules")]


class _Site(_Form):
    ignore_tags: Annotated[_Strings, _MayBeEmpty] = []
    never_beside: _Rules = []


_EXPECTED = [
    {field.alias or name: field.description or "" for name, field in form.model_fields.items()}
    for form in (_Site, _Rule, _Matcher)
]
"""What is expected of the value of each key in each form; the forms by the number of keys that lead to them."""


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
    """Return the rules in ``text``. Raises RulesError, its place the line alone."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise RulesError(f"the rules are {size:,} bytes long, the limit is {MAX_BYTES:,}", "1")
    data, places = read_yaml(text)
    try:
        site = _Site.model_validate({} if is_nothing(data) else data)
    except ValidationError as error:
        raise _refusal(error, places) from None
    lines = (line_of(places["never_beside", index][1]) for index in range(len(site.never_beside)))
    rules = map(_Rule.rule, site.never_beside, lines)
    return SiteRules(tuple(rules), frozenset(map(str.casefold, site.ignore_tags)))


def _refusal(error: ValidationError, places: Places) -> RulesError:
    """Return the fault on the first line; a value that is missing comes last, as a misspelt key may be the reason."""
    faults = error.errors(include_url=False, include_input=False)
    fault = min(faults, key=lambda each: (each["type"] == "missing", line_of(places[each["loc"]][1])))
    place, kind = fault["loc"], fault["type"]
    key, node = places[*place, MAX_RULES] if kind == "too_long" else places[place]
    keys = [step for step in place if isinstance(step, str)]
    known = _EXPECTED[len(keys) - (kind != "model_type")]
    if kind == "extra_forbidden":
        node, near = key, get_close_matches(keys[-1][:80], known, n=1)
        guess = f"; did you mean {near[0]!r}?" if near else ""
        parent = f"{_name(place[:-1])}: " if place[:-1] else ""
        message = f"{parent}unknown key {shown(key)}, expected one of {', '.join(known)}{guess}"
    elif kind == "missing":
        message = f"{_name(place[:-1])} has no {keys[-1]!r}, expected {known[keys[-1]]}"
    elif kind == "too_long":
        message = f"{_name(place)} has {fault['ctx']['actual_length']:,} rules, the limit is {MAX_RULES:,}"
    else:
        of_keys = f"a mapping with at least one of the keys {', '.join(known)}"
        special = {"model_type": of_keys, "too_short": "at least one string"}
        message = f"{_name(place)} is {shown(node)}, expected {special.get(kind) or known[keys[-1]]}"
    return RulesError(message, str(line_of(node)))


def _name(place: Path) -> str:
    """Return what a message calls the value at ``place``: its keys, but within a rule only those from there."""
    keys = [step for step in place if isinstance(step, str)]
    in_rule = len(place) > 1 and keys[0] == "never_beside"
    return (".".join(keys[1:]) or "a rule") if in_rule else ".".join(keys) or "the document"
