"""A contract reads as tables in a terminal of any width, whatever its names hold."""

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function.contract import Contract, WhatIf
from model_conversion.inspection import (
    NARROWEST,
    _cells,
    _table,
    accepted,
    describe,
    null_handling,
    printable,
)


def test_everything_a_client_asks_is_there(contract: Contract) -> None:
    """Each feature on one line where there is room, answers, advice, proof, hash and versions."""
    shown = describe(contract, width=300)
    lines = shown.splitlines()
    for feature in contract.features:
        (line,) = [line for line in lines if line.split()[:2] == [feature.name, feature.kind]]
        assert accepted(feature) in line
        assert null_handling(feature) in line
        assert str(feature.example) in line
    for what_if in contract.actionable:
        assert what_if.text in shown
    assert "8_hours_or_more  positive" in shown
    assert "data 13,583" in shown
    assert contract.model.sha256 in shown
    for library, version in contract.model.created_with.items():
        assert any(line.split() == [library, version] for line in lines)


def test_the_least_line_of_a_feature_reads_well(contract: Contract) -> None:
    """Name, kind, unit, accepted, null, required, example."""
    lines = describe(contract, width=120).splitlines()
    ages = [line for line in lines if line.startswith("age ")]
    assert " ".join(ages[0].split()) == "age integer years 12 to 18 NaN yes 16"
    weights = [line for line in lines if line.startswith("weight ")]
    assert " ".join(weights[0].split()) == "weight number kg 29.94 to 180.99, others pass NaN no 63.5"


@pytest.mark.parametrize("width", [1, 60, 72, 100, 250])
def test_no_line_is_wider_than_the_terminal(contract: Contract, width: int) -> None:
    """Down to sixty columns."""
    for line in describe(contract, width=width).splitlines():
        assert len(line) <= max(width, NARROWEST)


def test_the_terminal_is_asked_for_its_width(contract: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    """As every command does, through COLUMNS where it is set."""
    monkeypatch.setenv("COLUMNS", "77")
    assert describe(contract) == describe(contract, width=77)


def test_long_lists_of_categories_are_cut(contract: Contract) -> None:
    """The first few and the number of the others."""
    many = replace(contract.features[1], categories=("", *(f"c{at}" for at in range(299))))
    assert accepted(many) == "'', c0, c1, c2, c3, c4, c5, c6 and 292 more"
    assert accepted(many, most=300).endswith("c298")


def test_each_kind_says_what_it_accepts(contract: Contract) -> None:
    """Also numbers without a range, and what cannot be missing."""
    number = contract.features[0]
    assert accepted(number) == "12 to 18"
    assert accepted(replace(number, minimum=-0.125, maximum=1e12)) == "-0.125 to 1e+12"
    assert accepted(replace(number, minimum=None)) == "any number"
    assert accepted(replace(number, kind="boolean")) == "true, false"
    assert accepted(replace(number, kind="text")) == "any text"
    assert null_handling(replace(number, nullable=False)) == "refused"
    assert null_handling(replace(number, null_token="?")) == "'?'"


def test_a_regression_without_advice_is_described(contract: Contract) -> None:
    """Its value and unit instead of classes."""
    outputs = replace(
        contract.outputs,
        classes=(),
        score_names=("price",),
        unit="€",
        positive=None,
        threshold=None,
        base_rate=1234.5,
        better=None,
    )
    lines = describe(replace(contract, outputs=outputs, actionable=()), width=100).splitlines()
    assert [line.split() for line in lines if line.startswith(("value", "mean"))] == [
        ["value", "price", "€"],
        ["mean", "1234", "in", "the", "data"],
        *[line.split() for line in lines if line.startswith("mean abs")],
    ]
    assert "none: no what-if is supported by evidence" in lines


def test_advice_from_a_range_and_from_nothing(contract: Contract) -> None:
    """Both ways in which a what-if starts, and every kind of value."""
    ranged = WhatIf(
        feature="a", values=(), low=0, high=2.5, to=True, effect=1e-9, interval=(1e-10, 2), text="t"
    )
    listed = replace(ranged, values=(None, 2023, 0.5), low=None, high=None, to="x")
    lines = describe(replace(contract, actionable=(ranged, listed)), width=120).splitlines()
    start = lines.index("2 PIECES OF ADVICE") + 2
    assert lines[start].split() == ["a", "0", "to", "2.5", "true", "+1e-09", "+1e-10", "to", "+2", "t"]
    assert lines[start + 1].split()[1:5] == ["null,", "2023,", "0.5", "x"]


def test_a_terminal_is_not_led_astray(contract: Contract) -> None:
    """Escape sequences, line breaks and marks that turn the direction of writing are spelled out."""
    bad = replace(contract.features[0], name="\x1b[2J\n\u202eevil\ud800", unit="k\tg")
    shown = describe(replace(contract, features=(bad,)), width=200)
    assert r"\x1b[2J\n\u202eevil\ud800" in shown
    assert r"k\tg" in shown
    assert printable(shown.replace("\n", "")) == shown.replace("\n", "")


def test_wide_and_combining_characters_keep_the_columns() -> None:
    """A Chinese character takes two cells, an accent none."""
    assert (_cells("睡眠"), _cells("e\u0301"), _cells("abc")) == (4, 1, 3)
    assert _table([("睡眠", "x"), ("abcd", "y")], 60) == "睡眠  x\nabcd  y"


@given(
    st.lists(st.tuples(st.text(max_size=90), st.text(max_size=30), st.text(max_size=5)), min_size=1),
    st.integers(20, 120),
)
def test_any_table_fits_and_loses_nothing(rows: list[tuple[str, ...]], width: int) -> None:
    """Cells wrap between words first, and every character but the spaces is still there."""
    shown = _table(rows, width)
    assert all(_cells(line) <= width for line in shown.split("\n"))
    expected = sorted("".join(printable(cell) for row in rows for cell in row).replace(" ", ""))
    assert sorted(shown.replace(" ", "").replace("\n", "")) == expected
    assert not any(unicodedata.category(character) == "Cc" for character in shown.replace("\n", ""))
