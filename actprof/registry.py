"""Tables of named things and the grammar that asks for them: `NAME[:VALUE…]`.

Values are positional or `key=value`, comma-separated: `leaky_relu:0.2`, `normal:std=0.01`. Case and `-`/`_` do not
matter. Nothing is ever evaluated.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from actprof.errors import SpecError, quoted

Value = float | int | str


@dataclass(frozen=True)
class Parameter:
    """One parameter of a named thing: a finite number in [low, high], or one of `choices`.

    Attributes:
        synonyms: another word for a choice → the choice.
        quiet: a Choice leaves it out where it has its default, so that the name alone keeps its plain meaning.
    """

    name: str
    default: Value
    low: float = -math.inf
    high: float = math.inf
    positive: bool = False
    choices: tuple[str, ...] = ()
    synonyms: Mapping[str, str] = field(default_factory=dict)
    quiet: bool = False

    def read(self, text: str, owner: str) -> Value:
        """The value that `text` stands for; SpecError says what would be allowed."""
        if self.choices:
            word = self.synonyms.get(folded(text), folded(text))
            if word not in self.choices:
                raise SpecError(f"{owner}: {self.name} must be one of {', '.join(self.choices)}, not {quoted(text)}.")
            return word
        return self._number(text, owner)

    def _number(self, text: str, owner: str) -> Value:
        kind = "whole number" if isinstance(self.default, int) else "number"
        try:
            value: float | int = int(text) if isinstance(self.default, int) else float(text)
        except ValueError:
            raise SpecError(f"{owner}: {self.name} must be a {kind}, not {quoted(text)}.") from None
        if value in (math.inf, -math.inf) or not self.low <= value <= self.high or (self.positive and value <= 0):
            raise SpecError(f"{owner}: {self.name} must be {self._allowed(kind)}, not {quoted(text)}.")
        return value

    def _allowed(self, kind: str) -> str:
        if self.positive:
            return f"a finite {kind} above 0"
        if math.isfinite(self.low) and math.isfinite(self.high):
            return f"a {kind} from {self.low:g} to {self.high:g}"
        return f"a finite {kind}" + (f", {self.low:g} or more" if math.isfinite(self.low) else "")


@dataclass(frozen=True)
class Choice:
    """A name with its parameters as plain values. Only a Registry makes one, so it is always valid.

    `label` is what the user wrote (`he`), `name` what it is called here (`he_normal`).
    """

    name: str
    parameters: tuple[tuple[str, Value], ...] = ()
    label: str = field(default="", compare=False)

    @property
    def values(self) -> dict[str, Value]:
        return dict(self.parameters)

    def __str__(self) -> str:
        """The canonical text, which parses to this choice again."""
        listed = ",".join(f"{name}={value}" for name, value in self.parameters)
        return f"{self.name}:{listed}" if listed else self.name


class Entry(Protocol):
    """What every row of every table has."""

    @property
    def name(self) -> str: ...
    @property
    def aliases(self) -> tuple[str, ...]: ...
    @property
    def formula(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def parameters(self) -> tuple[Parameter, ...]: ...


@dataclass(frozen=True)
class Dialect:
    """A framework's function with words of its own for what an entry of the table does.

    Attributes:
        entry: the canonical name of the entry.
        parameters: the framework's own; those of the entry are taken too, and go before them.
        values: the framework's parameters by name, to those of the entry.
    """

    name: str
    entry: str
    parameters: tuple[Parameter, ...]
    values: Callable[..., dict[str, Value]]


E = TypeVar("E", bound=Entry)


class Registry(Generic[E]):
    """A table of named entries of one kind.

    Args:
        kind: what an entry is called in messages ("activation").
        listing: the word `actprof list` takes for this table ("activations").
        entries: the rows, in the order in which they are listed.
        presets: another name → the text it stands for ("keras.leaky_relu" → "leaky_relu:slope=0.3").
        dialects: names whose parameters have to be translated ("torch.kaiming_uniform" → "he_uniform").
        refused: a name people try → why it cannot be had.
        number: the entry that a bare number stands for, if any ("0.01" → "normal:0.01").
        check: looks at the values of a choice together (low < high); raises SpecError.

    Raises ValueError if two rows, presets or refusals have the same name.
    """

    def __init__(self, kind: str, listing: str, entries: Iterable[E], *, presets: Mapping[str, str] | None = None,
                 dialects: Iterable[Dialect] = (), refused: Mapping[str, str] | None = None,
                 number: str | None = None, check: Callable[[Choice], None] | None = None) -> None:
        self.kind = kind
        self.listing = listing
        self.presets = dict(presets or {})
        self.refused = dict(refused or {})
        self.dialects = {dialect.name: dialect for dialect in dialects}
        rows = list(entries)
        used = [*self.presets, *self.dialects, *self.refused,
                *(name for row in rows for name in (row.name, *row.aliases))]
        if twice := sorted({name for name in used if used.count(name) > 1}):
            raise ValueError(f"two {listing} have the name {', '.join(twice)}")
        self._entries = {entry.name: entry for entry in rows}
        self._canonical = {alias: entry.name for entry in self for alias in (entry.name, *entry.aliases)}
        self._number = number
        self._check = check

    def __iter__(self) -> Iterator[E]:
        return iter(self._entries.values())

    def __getitem__(self, name: str) -> E:
        """The entry of a canonical name."""
        return self._entries[name]

    def names(self) -> list[str]:
        """Every name that parses, presets included."""
        return [*self._canonical, *self.presets, *self.dialects]

    def presets_of(self, name: str) -> dict[str, str]:
        """The presets of an entry, and what others call it: name → the text it stands for."""
        return {preset: text for preset, text in self.presets.items()
                if self._canonical[text.partition(":")[0]] == name} | {
                    dialect.name: name for dialect in self.dialects.values() if dialect.entry == name}

    def parse(self, text: str) -> Choice:
        """Read `NAME[:VALUE…]`; raises SpecError with a suggestion."""
        label = text.strip()
        if self._number is not None and _is_number(label):
            return self._parsed(f"{self._number}:{label}", label)
        return self._parsed(label, label)

    def altered(self, choice: Choice, parameter: str, text: str) -> Choice:
        """The choice with one parameter read from `text` instead; raises SpecError."""
        known = {each.name: each for each in self._entries[choice.name].parameters}
        values = choice.values | {parameter: known[parameter].read(text, choice.name)}
        return self._choice(self._entries[choice.name], values, choice.label)

    def _parsed(self, text: str, label: str) -> Choice:
        name, _, values = text.partition(":")
        name = _at_home(folded(name))
        given: dict[str, Value] = {}
        if name in self.presets:
            name, _, preset = self.presets[name].partition(":")
            given = self._values(self._entries[self._canonical[name]].parameters, preset, name)
        if name in self.refused:
            raise SpecError(f"{quoted(name)} cannot be used here: {self.refused[name]}.")
        if name not in self._canonical and name not in self.dialects:
            raise SpecError(f"unknown {self.kind} {quoted(label)}. {self._suggestion(name)}")
        dialect = self.dialects.get(name)
        entry = self._entries[dialect.entry if dialect else self._canonical[name]]
        if dialect:
            given = self._values((*dialect.parameters, *entry.parameters), values, name)
            own = {each.name: given.pop(each.name, each.default) for each in dialect.parameters}
            given = dialect.values(**own) | given
        else:
            given |= self._values(entry.parameters, values, name)
        return self._choice(entry, given, "".join(label.split()).casefold().removesuffix(":"))

    def _choice(self, entry: E, given: Mapping[str, Value], label: str) -> Choice:
        values = ((each.name, given.get(each.name, each.default), each) for each in entry.parameters)
        choice = Choice(entry.name, tuple((name, value) for name, value, each in values
                                          if not (each.quiet and value == each.default)), label)
        if self._check is not None:
            self._check(choice)
        return choice

    def _values(self, parameters: Iterable[Parameter], text: str, owner: str) -> dict[str, Value]:
        known: dict[str, Parameter] = {}
        for parameter in parameters:
            known.setdefault(parameter.name, parameter)
        given: dict[str, Value] = {}
        items = text.split(",") if text.strip() else []
        for position, item in enumerate(items):
            key, equals, value = item.partition("=")
            name = folded(key) if equals else next(iter(list(known)[position:]), None)
            if name is None:
                raise SpecError(f"{owner} takes {len(known) or 'no'} value{'s' * (len(known) != 1)}, "
                                f"{len(items)} given: {quoted(text)}.")
            if name not in known:
                offered = f"Its parameters: {', '.join(known)}" if known else "It has none"
                raise SpecError(f"{owner} has no parameter {quoted(key.strip())}. {offered}."
                                f"{self._other_dialect(owner, name)}")
            if name in given:
                raise SpecError(f"{owner}: {name} is given twice.")
            given[name] = known[name].read((value if equals else item).strip(), owner)
        return given

    def _other_dialect(self, owner: str, parameter: str) -> str:
        """` torch.kaiming_uniform has it.` where a framework's function for the same entry has the parameter."""
        other = next((each.name for each in self.dialects.values() if each.entry == self._canonical.get(owner)
                      and parameter in [own.name for own in each.parameters]), "")
        return f" {other} has it." if other else ""

    def _suggestion(self, name: str) -> str:
        first, *more = re.split(r"[\s,;+]+", name)
        if more and {first, *more} <= {*self.names()}:
            return "For several repeat the option."
        return did_you_mean(name, self.names()) or f"'actprof list {self.listing}' shows all."


# Where frameworks keep their functions → the framework.
HOMES = (r"(tf\.)?(keras\.)?initializers\.|tf\.(keras\.)?", "keras."), (r"jax\.nn\.(initializers\.)?", "jax."), (
    r"(torch\.)?nn\.init\.", "torch.")


def _at_home(name: str) -> str:
    """`torch.kaiming_normal` of `nn.init.kaiming_normal_`."""
    for place, framework in HOMES if "." in name else ():
        name = re.sub(f"^({place})", framework, name)
    return name.rstrip("_")


def folded(name: str) -> str:
    """Case and `-`/`_` do not matter in names."""
    return name.strip().casefold().replace("-", "_")


# Shares of two words' letters that they have in common, in order, from which on one may be meant for the other, and
# from which on it is even if a word begins with a third.
NEAR, NEARER = 0.66, 0.8


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`Did you mean 'relu'?`, or nothing when no known name is near: float16 is no misspelt float64.

    A name that the word begins with is near too: `--activation` is `--act`.
    """
    import difflib

    digits = re.findall(r"\d", word)
    bare = {name.lstrip("-"): name for name in known if re.findall(r"\d", name) in ([], digits) or not digits}
    word = word.lstrip("-")
    begun = sorted((name for name in bare if len(name) > 2 and word.startswith(name)), key=len, reverse=True)
    close = difflib.get_close_matches
    near = close(word, list(bare), n=1, cutoff=NEARER) or begun or close(word, list(bare), n=1, cutoff=NEAR)
    return f"Did you mean '{bare[near[0]]}'?" if near else ""


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


MAX_FAN = 10**18

# 1000, 10**3 or 1e3; nothing so long that it would take time to reckon.
NUMBER = re.compile(r"(?P<integer>[1-9]\d{0,59}|0)|(?P<base>\d{1,20})\*\*(?P<power>\d{1,3})"
                    r"|(?P<factor>\d{1,20})e\+?(?P<zeros>\d{1,3})", re.IGNORECASE | re.ASCII)


def fan(text: str, option: str) -> int:
    """One fan: 512, 1e6 or 10**18."""
    number = NUMBER.fullmatch(text.strip())
    value = _value(number) if number else 0
    if not 1 <= value <= MAX_FAN:
        raise SpecError(f"{option} must be a whole number from 1 to {MAX_FAN:,}, not {quoted(text)}.")
    return value


def _value(number: re.Match[str]) -> int:
    parts = number.groupdict()
    if parts["integer"]:
        return int(parts["integer"])
    base, power, factor = (parts["base"], parts["power"], 1) if parts["base"] else (10, parts["zeros"], parts["factor"])
    return math.prod([int(base)] * int(power)) * int(factor)
