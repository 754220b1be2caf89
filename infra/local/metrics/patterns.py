"""CloudWatch's filter patterns for JSON lines, as far as the template uses them; anything else is refused.

Grammar: ``{ $.path = "text" }`` and ``{ $.path >= 0 }`` with ``= != < <= > >=``, joined by ``&&`` and ``||``, in
brackets or not. Source: "Filter pattern syntax for metric filters", CloudWatch Logs user guide.
"""

__all__ = ["PatternError", "Predicate", "compile_pattern", "value_at"]

import operator
import re
from collections.abc import Callable
from typing import Any

from function.errors import NightjarError

type Predicate = Callable[[Any], bool]

_TOKEN = re.compile(
    r"""\s*(?:(?P<path>\$(?:\.[A-Za-z_][\w-]*)+)|(?P<text>"[^"\\]*")|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"""
    r"""|(?P<sign>&&|\|\||!=|<=|>=|[=<>()]))"""
)
_NUMERIC: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class PatternError(NightjarError):
    """A filter pattern beyond what is understood here."""


def compile_pattern(pattern: str) -> Predicate:
    """Return whether a decoded JSON line matches, as a function of the line.

    A line without the path does not match, whatever the comparison.

    Raises:
        PatternError: The pattern is not of the grammar above.
    """
    stripped = pattern.strip()
    if not (stripped.startswith("{") and stripped.endswith("}")):
        raise PatternError(f"filter pattern {pattern!r} is not understood, wanted one for JSON: {{ … }}")
    parser = _Parser(pattern, _tokens(pattern, stripped[1:-1].rstrip()))
    predicate = parser.either()
    if parser.tokens:
        raise PatternError(f"filter pattern {pattern!r} is not understood from {parser.tokens[0][1]!r} on")
    return predicate


def value_at(line: Any, path: str) -> Any:
    """Return what a ``$.a.b`` path leads to, or None."""
    for name in path.split(".")[1:]:
        if not isinstance(line, dict):
            return None
        line = line.get(name)
    return line


def _tokens(pattern: str, text: str) -> list[tuple[str, str]]:
    tokens, at = [], 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise PatternError(f"filter pattern {pattern!r} is not understood from {text[at:]!r} on")
        tokens.append((found.lastgroup, found[found.lastgroup]))
        at = found.end()
    return tokens


class _Parser:
    def __init__(self, pattern: str, tokens: list[tuple[str, str]]) -> None:
        self._pattern = pattern
        self.tokens = tokens

    def either(self) -> Predicate:
        terms = [self._both()]
        while self.tokens and self.tokens[0][1] == "||":
            self.tokens.pop(0)
            terms.append(self._both())
        return lambda line: any(term(line) for term in terms)

    def _both(self) -> Predicate:
        terms = [self._term()]
        while self.tokens and self.tokens[0][1] == "&&":
            self.tokens.pop(0)
            terms.append(self._term())
        return lambda line: all(term(line) for term in terms)

    def _term(self) -> Predicate:
        kind, token = self._next()
        if (kind, token) == ("sign", "("):
            inner = self.either()
            self._expect(")")
            return inner
        if kind != "path":
            raise PatternError(f"filter pattern {self._pattern!r} has {token!r} where a $.path was wanted")
        _, sign = self._next()
        kind, wanted = self._next()
        if kind == "number" and sign in _NUMERIC:
            return _number(token, _NUMERIC[sign], float(wanted))
        if kind == "text" and sign in {"=", "!="} and "*" not in wanted:
            return _text(token, wanted[1:-1], equal=sign == "=")
        raise PatternError(
            f"filter pattern {self._pattern!r}: {token} {sign} {wanted} is not understood, "
            "wanted a number, or = or != and a quoted text without *"
        )

    def _next(self) -> tuple[str, str]:
        if not self.tokens:
            raise PatternError(f"filter pattern {self._pattern!r} ends too early")
        return self.tokens.pop(0)

    def _expect(self, wanted: str) -> None:
        _, token = self._next()
        if token != wanted:
            raise PatternError(f"filter pattern {self._pattern!r} has {token!r} where {wanted!r} was wanted")


def _number(path: str, compare: Callable[[float, float], bool], wanted: float) -> Predicate:
    def matches(line: Any) -> bool:
        found = value_at(line, path)
        return isinstance(found, int | float) and not isinstance(found, bool) and compare(found, wanted)

    return matches


def _text(path: str, wanted: str, *, equal: bool) -> Predicate:
    def matches(line: Any) -> bool:
        found = value_at(line, path)
        return isinstance(found, str) and (found == wanted) is equal

    return matches
