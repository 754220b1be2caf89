"""Filter patterns for JSON lines."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.metrics.patterns import PatternError, compile_pattern

REPORT = {"type": "platform.report", "record": {"metrics": {"initDurationMs": 80.5, "warm": True}}}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ('{ $.type = "platform.report" }', True),
        ('{ $.type != "platform.report" }', False),
        ('{ ($.type = "platform.report") && ($.record.metrics.initDurationMs >= 0) }', True),
        ('{ ($.type = "platform.report") && ($.record.metrics.initDurationMs > 80.5) }', False),
        ('{ $.type = "x" || $.record.metrics.initDurationMs < 1e2 }', True),
        ('{ ($.type = "x" || $.type = "platform.report") && $.record.metrics.initDurationMs = 80.5 }', True),
        ("{ $.record.metrics.absent >= 0 }", False),
        ("{ $.record.metrics.warm = 1 }", False),
        ("{ $.type.deeper = 1 }", False),
        ('{ $.absent != "x" }', False),
    ],
)
def test_matching(pattern: str, expected: bool) -> None:
    """Texts, numbers, both and either; a missing path never matches."""
    assert expected == compile_pattern(pattern)(REPORT)


@pytest.mark.parametrize(
    "pattern",
    [
        "ERROR",
        "{ }",
        "{ $.a }",
        "{ $.a = }",
        '{ $.a = "x*" }',
        '{ $.a < "x" }',
        "{ ($.a = 1 }",
        "{ $.a = 1 $.b = 2 }",
        "{ $.a[0] = 1 }",
        "{ $.a IS NULL }",
        "{ $.a && 1 }",
    ],
)
def test_what_is_not_understood_is_refused(pattern: str) -> None:
    """A pattern beyond the grammar is an error, never one that matches nothing."""
    with pytest.raises(PatternError, match="filter pattern"):
        compile_pattern(pattern)


@given(st.text(alphabet='{}$.ab="<>!&|() 01', max_size=30))
def test_any_text_compiles_or_is_refused(text: str) -> None:
    """No text breaks the parser, and what compiles answers."""
    try:
        predicate = compile_pattern("{" + text + "}")
    except PatternError:
        return
    assert predicate(json.loads('{"a": 1}')) in {True, False}
