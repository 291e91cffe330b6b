"""An expression such as `±√(6/(n+m))`, parsed and written as mathtext: one fraction, and slashes within it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

DEEPEST = 20
_TOKEN = re.compile(r" *(?:(?P<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?)|(?P<name>[A-Za-z][A-Za-z_]*\d?)"
                    r"|(?P<sign>[-+±/·√²(),]))", re.ASCII)
_HEADS = {"N": r"\mathcal{N}", "U": "U"}
_SIGNS = {"±": r"\pm ", "-": "-", "+": "+"}


class NotUnderstood(Exception):
    """No expression."""


@dataclass(frozen=True)
class Term:
    """`write(inline)` with slashes, or else with fractions; `bare` without the parentheses around it, if any."""

    write: Callable[[bool], str]
    bare: Callable[[bool], str]


def _term(write: Callable[[bool], str]) -> Term:
    return Term(write, write)


def _literal(text: str) -> Term:
    return _term(lambda inline: text)


def _fraction(top: Term, bottom: Term) -> Term:
    def write(inline: bool) -> str:
        if inline:
            return f"{top.write(True)}/{bottom.write(True)}"
        return rf"\dfrac{{{top.bare(True)}}}{{{bottom.bare(True)}}}"

    return _term(write)


def _joined(left: Term, joint: str, right: Term) -> Term:
    return _term(lambda inline: left.write(inline) + joint + right.write(inline))


def _grouped(inner: Term) -> Term:
    return Term(lambda inline: rf"\left({inner.write(inline)}\right)", inner.write)


def _squared(base: Term) -> Term:
    return _term(lambda inline: f"{{{base.write(inline)}}}^2")


def _name(name: str) -> str:
    """Fans are letters (`nm` is a product), everything else is a word, and a digit behind it an index."""
    if name[-1].isdigit():
        return f"{_name(name[:-1])}_{name[-1]}"
    if set(name) <= set("nm") or len(name) == 1:
        return name
    word = name.replace("_", r"\_")
    return rf"\mathrm{{{word}}}"


def _number(digits: str) -> Term:
    """`1e-05` as a power of ten."""
    mantissa, _, exponent = digits.partition("e")
    if not exponent:
        return _literal(digits)
    power = f"10^{{{int(exponent)}}}"
    return _literal(power if float(mantissa) == 1 else rf"{mantissa}\cdot {power}")


class Parser:
    """Recursive descent over one expression, as far as it goes."""

    def __init__(self, text: str) -> None:
        self._text, self._depth = text, 0
        self.place = 0

    def sum(self) -> Term:
        """The expression from here on. Raises NotUnderstood."""
        term = _joined(_literal(_SIGNS.get(self._taken(*_SIGNS), "")), "", self._product())
        while sign := self._taken("+", "-"):
            term = _joined(term, sign, self._product())
        return term

    def _product(self) -> Term:
        term = self._power()
        while sign := self._taken("/", "·"):
            term = _fraction(term, self._power()) if sign == "/" else _joined(term, r"\cdot ", self._power())
        return term

    def _power(self) -> Term:
        term = self._atom()
        if not self._taken("²"):
            return term
        return _squared(_grouped(term) if "^" in term.write(True) else term)

    def _atom(self) -> Term:
        if self._taken("√"):
            root = self._nested(self._atom)
            return _term(lambda inline: rf"\sqrt{{{root.bare(inline)}}}")
        if self._taken("("):
            return _grouped(self._closed(self.sum))
        if number := self._next("number"):
            return _number(number)
        name = self._next("name")
        if name and self._text.startswith("(", self.place) and self._taken("("):
            return _joined(_literal(_HEADS.get(name) or _name(name)), "", _grouped(self._closed(self._arguments)))
        if name:
            return _literal(_name(name))
        raise NotUnderstood

    def _arguments(self) -> Term:
        term = self.sum()
        while self._taken(","):
            term = _joined(term, r",\ ", self.sum())
        return term

    def _closed(self, inner: Callable[[], Term]) -> Term:
        term = self._nested(inner)
        if not self._taken(")"):
            raise NotUnderstood
        return term

    def _nested(self, inner: Callable[[], Term]) -> Term:
        self._depth += 1
        if self._depth > DEEPEST:
            raise NotUnderstood
        term = inner()
        self._depth -= 1
        return term

    def _taken(self, *signs: str) -> str:
        """The next sign, if it is one of these."""
        return self._next("sign", signs)

    def _next(self, kind: str, allowed: tuple[str, ...] = ()) -> str:
        found = _TOKEN.match(self._text, self.place)
        token = str(found[kind] or "") if found else ""
        if found is None or not token or (allowed and token not in allowed):
            return ""
        self.place = found.end()
        return token
