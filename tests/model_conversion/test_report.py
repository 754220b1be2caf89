"""The report says what the proof found, shows nobody's answers, and is one harmless page."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from function.contract import Contract, Feature, Target, WhatIf
from function.predictor import Prediction, Predictor
from model_conversion import figures
from model_conversion.comparison import SYNTHETIC, Block, Comparison, Reference
from model_conversion.graphs import GraphFacts, Graphs
from model_conversion.measure import Timings
from model_conversion.page import render
from model_conversion.parity import judge
from model_conversion.report import Attempt, InputFile, Report
from model_conversion.verdict import Facts, verdict

HOSTILE = "<script>alert('1')</script><img src=http://example.org/x> & \x1b[31m \u202etxet \ud800 ☃ 睡眠"
TOLERANCE = 1e-6
LIMIT = 1_500_000
TIMINGS = Timings(
    model_bytes=2508,
    load_ms=1.5,
    loads=8,
    row_us=20.0,
    sklearn_row_us=3900.0,
    batch_rows=1000,
    batch_ms=1.2,
    sklearn_batch_ms=6.0,
)
VOID = {"meta", "br", "link", "img", "input", "hr"}


def block(source: str, wanted: Any, seen: Any, **more: Any) -> Block:
    """Return a block of binary answers from both sides' probabilities of class 1; ``more`` as in Block."""
    wanted, seen = np.asarray(wanted, dtype=float), np.asarray(seen, dtype=float)
    return Block(
        source=source,
        wanted=Reference(
            labels=(wanted > 0.5).astype(int).tolist(), scores=np.stack([1 - wanted, wanted], 1)
        ),
        seen=[Prediction(int(p > 0.5), (1 - p, p)) for p in seen.tolist()],
        **more,
    )


type Make = Callable[..., Report]


@pytest.fixture(scope="module")
def make(contract: Contract) -> Make:
    """Return a function that makes a report of the example from blocks."""

    def build(*blocks: Block, **changes: Any) -> Report:
        attempt = judge("float64", Comparison.of(blocks), TOLERANCE)
        cheaper = Attempt(strategy="float32", passed=False, error="cannot <b>convert</b>")
        file = InputFile(role="model", name="m.skops", sha256="ab" * 32, size_bytes=7900)
        report = Report(
            contract=contract,
            inputs=(file, replace(file, role="data", name="d.csv")),
            attempts=(cheaper, attempt),
            comparison=Comparison.of(blocks),
            tolerance=TOLERANCE,
            ties_allowed=attempt.rows // 1000,
            timings=TIMINGS,
            seconds=2.5,
        )
        return replace(report, **changes)

    return build


@pytest.fixture(scope="module")
def example(make: Make, contract: Contract, predictor: Predictor) -> Report:
    """The example's golden rows, answered by its own model."""
    golden = contract.golden.rows
    rows = [item.row for item in golden]
    wanted = Reference(
        labels=[item.label for item in golden], scores=np.array([item.scores for item in golden])
    )
    return make(Block(source="golden", wanted=wanted, seen=predictor.predict(rows), rows=rows))


@pytest.fixture(scope="module")
def hostile(contract: Contract, make: Make) -> Report:
    """A failed report in which everything that someone may choose is chosen to do harm."""
    category, number = contract.features[1], contract.features[0]
    many = tuple(f"{HOSTILE} {at}" for at in range(300))
    features = (
        replace(category, name=HOSTILE, categories=many, null_token=HOSTILE, example=many[0]),
        replace(number, name="数" * 200, unit=HOSTILE, question="x" * 100_000),
        replace(number, name='"onload="', minimum=-1e300, maximum=1e300, outside="warn"),
    )
    outputs = replace(
        contract.outputs,
        question=HOSTILE,
        classes=(Target(value=0, name=HOSTILE), Target(value=1, name="</svg></title>")),
        score_names=(HOSTILE, "</svg></title>"),
    )
    advice = WhatIf(
        feature=HOSTILE,
        values=(HOSTILE,),
        low=None,
        high=None,
        to=HOSTILE,
        effect=0.1,
        interval=(0.05, 0.2),
        text=HOSTILE,
    )
    changed = replace(
        contract,
        model=replace(contract.model, name=HOSTILE, created_with={HOSTILE: HOSTILE}),
        features=features,
        outputs=outputs,
        actionable=(advice,),
    )
    row = dict.fromkeys((feature.name for feature in features), HOSTILE)
    bad = block("golden", [0.1, 0.2, 0.3], [0.9, np.nan, np.inf], rows=[row] * 3)
    file = InputFile(role=HOSTILE, name=HOSTILE, sha256=HOSTILE, size_bytes=1)
    odd = replace(bad, source=HOSTILE)
    attempt = Attempt(strategy=HOSTILE, passed=False, error=HOSTILE)
    return make(bad, odd, contract=changed, inputs=(file,), attempts=(attempt,))


class Page(HTMLParser):
    """What of a page the tests ask for; fails where an element is closed that is not open."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)

    def attributes(self, *names: str) -> list[str]:
        return [str(pairs[name]) for _, pairs in self.elements for name in names if name in pairs]


def drawings(page: str) -> list[str]:
    """Return the figures of a page."""
    return re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)


# The verdict


counts = st.dictionaries(
    st.sampled_from(["data", "golden", "threshold", "boundary", "range"]), st.integers(1, 10**7), min_size=1
)
positive = st.floats(1e-18, 1e3)
errors = st.one_of(st.just(0.0), st.floats(0, allow_infinity=True), st.just(np.nan), st.floats(1e-18, 1))


@given(counts, positive, st.floats(0, 1), st.integers(0, 9))
def test_a_proof_that_passed_is_told_with_its_numbers(
    sources: dict[str, int], tolerance: float, share: float, ties: int
) -> None:
    """Every row is counted once, and the claim is never larger than the truth."""
    error = tolerance * share
    facts = Facts(
        counts=sources,
        flips=0,
        ties=ties,
        ties_allowed=9,
        max_abs_error=error,
        tolerance=tolerance,
        quantity="value",
        passed=True,
    )
    sentence = verdict(facts)
    assert sentence.startswith("The converted model gave the same answer as scikit-learn on all ")
    told = re.findall(r"([\d,]+) (?:rows? of data|self-test rows?|probes?)\b", sentence)
    assert sum(int(number.replace(",", "")) for number in told) == sum(sources.values())
    assert ("tie" in sentence) == (ties > 0)
    claimed = re.search(r"([\d,.]+) times smaller", sentence)
    if claimed:
        assert float(claimed[1].replace(",", "")) <= tolerance / error
    assert "another class" not in sentence


@given(counts, st.integers(0, 5), st.integers(0, 5), errors)
def test_a_proof_that_failed_is_never_told_as_passed(
    sources: dict[str, int], flips: int, ties: int, error: float
) -> None:
    """Each fault is named, and only those there are."""
    facts = Facts(
        counts=sources,
        flips=flips,
        ties=ties,
        ties_allowed=2,
        max_abs_error=error,
        tolerance=TOLERANCE,
        quantity="probability",
        passed=False,
    )
    sentence = verdict(facts)
    assert sentence.startswith("The converted model does not answer as scikit-learn does: ")
    assert (f"{flips} of " in sentence) == (flips > 0)
    assert ("on the boundary" in sentence) == (ties > 2)
    assert ("on one side only" in sentence) == bool(np.isnan(error))
    assert ("the largest difference" in sentence) == (error > TOLERANCE)


def test_the_verdict_reads_as_a_sentence() -> None:
    """Word for word."""
    facts = Facts(
        counts={"data": 13_583, "golden": 66, "threshold": 4_000, "range": 200},
        flips=0,
        ties=2,
        ties_allowed=17,
        max_abs_error=9.98e-8,
        tolerance=TOLERANCE,
        quantity="probability",
        passed=True,
    )
    assert verdict(facts) == (
        "The converted model gave the same answer as scikit-learn on all 13,583 rows of data, 66 self-test rows and "
        "4,200 probes made to break it, except for 2 ties where two classes are equally right (17 allowed); the "
        "largest difference of a probability is 1.0e-07, 10 times smaller than allowed (1.0e-06)."
    )
    assert verdict(replace(facts, counts={"data": 1}, ties=0, max_abs_error=0)) == (
        "The converted model gave the same answer as scikit-learn on all 1 row of data; every probability is exactly "
        "equal."
    )
    assert verdict(replace(facts, passed=False, flips=12, max_abs_error=0.31)) == (
        "The converted model does not answer as scikit-learn does: 12 of 17,849 rows got another class and the "
        "largest difference of a probability is 0.31, 310,000 times what is allowed (1.0e-06)."
    )
    assert verdict(replace(facts, counts={})) == "Nothing was compared, so nothing is proved."


rows = st.lists(st.tuples(st.floats(0, 1), st.sampled_from([0.0, 1e-9, 2e-6, 0.5])), min_size=1, max_size=20)


@given(rows)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_report_and_proof_agree(make: Make, pairs: list[tuple[float, float]]) -> None:
    """The report counts what the comparison counts, and passes when it does."""
    wanted = np.array([score for score, _ in pairs])
    seen = np.clip(wanted + [gap for _, gap in pairs], 0, 1)
    data, probes = block("data", wanted, seen), block("threshold", wanted[:1], wanted[:1])
    comparison, report = Comparison.of([data, probes]), make(data, probes)
    judged = judge("float64", comparison, TOLERANCE)
    assert report.passed == judged.passed
    assert report.verdict.startswith("The converted model gave") == judged.passed
    proof = report.to_json()["proof"]
    assert proof["counts"] == comparison.counts()
    assert (proof["label_flips"], proof["ties"]) == (judged.flips, judged.ties)
    assert proof["max_abs_error"] == judged.max_abs_error


def test_rows_count_for_more_than_a_proofs_word(make: Make) -> None:
    """An attempt said to have passed does not, if a row shows another class, too many ties or a NaN."""
    passed = (Attempt(strategy="float32", passed=True, rows=1),)
    assert make(block("data", [0.2], [0.2]), attempts=passed).passed
    assert not make(block("data", [0.2], [0.8]), attempts=passed).passed
    assert not make(block("data", [0.2], [0.8], ties=[0]), attempts=passed, tolerance=1.0).passed
    assert make(block("data", [0.2], [0.8], ties=[0]), attempts=passed, tolerance=1.0, ties_allowed=1).passed
    assert not make(block("data", [0.2], [np.nan]), attempts=passed).passed
    assert not make(attempts=passed).passed
    assert not make(block("data", [0.2], [0.2]), attempts=()).passed


def test_an_attempt_says_what_it_got_wrong() -> None:
    """In words, with numbers."""
    attempt = Attempt(strategy="float32", passed=False, rows=9, flips=1, max_abs_error=2e-4)
    assert attempt.finding == "1 row got another class and the largest difference is 2.0e-04"
    nan = replace(attempt, flips=0, max_abs_error=float("nan"))
    assert nan.finding == "the largest difference is not a number"
    assert Attempt(strategy="x", passed=False, error="cannot").finding == "cannot"
    assert Attempt(strategy="x", passed=False).finding == "nothing was compared"


# Rows


def test_rows_are_numbered_within_their_source() -> None:
    """Blocks of one source are one; an empty block is none."""
    found = Comparison.of(
        [
            block("batch", [0.1, 0.2], [0.1, 0.2]),
            block("data", [0.3], [0.9]),
            block("none", [], []),
            block("batch", [0.4], [0.8]),
        ]
    )
    assert found.counts() == {"batch": 3, "data": 1}
    assert [(row.source, row.row) for row in found.flipped(9, {})] == [("data", 1), ("batch", 3)]
    assert [(row.source, row.row) for row in found.worst(1, {})] == [("data", 1)]


def test_a_flip_is_shown_with_each_sides_class_and_score(make: Make) -> None:
    """The score is that of the class answered, ties come last and are marked."""
    report = make(block("data", [0.5 + 1e-13, 0.2], [0.5 - 1e-13, 0.9], ties=[0]))
    flip, tie = report.flipped
    assert (flip.row, flip.wanted_label, flip.seen_label, flip.tie) == (2, 0, 1, False)
    assert (flip.wanted_score, flip.seen_score) == (0.8, 0.9)
    assert (tie.row, tie.tie) == (1, True)


def test_the_worst_row_comes_first_and_a_number_on_one_side_is_worse() -> None:
    """Equal rows are not shown; the same NaN or infinity on both sides is equal; a vast difference is no warning."""
    same = [np.nan, np.inf]
    wanted, seen = [0.1, 0.1, *same, 0.5, 1e308], [0.2, np.nan, *same, 0.5, -1e308]
    found = Comparison.of([block("data", wanted, seen)])
    assert [row.row for row in found.worst(9, {})] == [2, 6, 1]
    assert np.isnan(found.max_abs_error)


@given(st.lists(errors))
def test_a_histogram_counts_every_row_once(gaps: list[float]) -> None:
    """Exact rows and NaN apart, each of the others in the bin that its error lies in."""
    zeros = np.zeros((len(gaps), 1))
    reference = Reference(labels=[None] * len(gaps), scores=zeros)
    histogram = Comparison.of(
        [Block(source="data", wanted=reference, seen=[Prediction(None, (gap,)) for gap in gaps])]
    ).histogram()
    assert histogram.exact == sum(gap == 0 for gap in gaps)
    assert histogram.not_a_number == sum(np.isnan(gap) for gap in gaps)
    assert sum(histogram.counts) + histogram.exact + histogram.not_a_number == len(gaps)
    assert len(histogram.counts) <= 41
    for low, high, number in zip(histogram.edges, histogram.edges[1:], histogram.counts, strict=False):
        inside = [gap for gap in gaps if low * 1.001 < gap < high * 0.999]
        assert number >= len(inside)


@pytest.mark.parametrize(
    "source", ["data", "batch", "missing", "threshold", "boundary", "a kind yet unknown"]
)
def test_no_persons_answer_is_shown(make: Make, source: str) -> None:
    """Rows of the data and probes made from them have a number, no values."""
    report = make(block(source, [0.2], [0.9], rows=[{"age": "a secret"}]))
    assert "a secret" not in json.dumps(report.to_json())
    assert "a secret" not in render(report)
    assert len(report.flipped) == len(report.worst) == 1


@pytest.mark.parametrize("source", sorted(SYNTHETIC))
def test_a_made_up_row_is_shown_but_for_its_texts(make: Make, contract: Contract, source: str) -> None:
    """A text's example is someone's, so only its length is told."""
    text = replace(contract.features[0], name="diary", kind="text")
    changed = replace(contract, features=(*contract.features, text))
    row = {"age": 12.000000000000002, "diary": "a secret"}
    report = make(block(source, [0.2], [0.9], rows=[row]), contract=changed)
    for view in (json.dumps(report.to_json()["proof"]), render(report)):
        assert "12.000000000000002" in view
        assert "8 characters" in view
        assert "a secret" not in view


# report.json


def test_the_json_is_plain_and_tells_the_whole_story(example: Report) -> None:
    """It survives a strict round trip, and has what a machine asks for."""
    document = example.to_json()
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert document["passed"]
    assert document["version"] == example.contract.model.version
    assert [(item["strategy"], item["passed"]) for item in document["strategies"]] == [
        ("float32", False),
        ("float64", True),
    ]
    assert document["proof"]["counts"] == {"golden": 66}
    assert [item["name"] for item in document["features"]] == [f.name for f in example.contract.features]
    assert document["timings"]["row_us"] == 20.0
    assert "timings" not in document["timings"]


def test_what_json_lacks_becomes_null(make: Make) -> None:
    """NaN and infinity are no JSON."""
    document = make(block("data", [0.1, 0.2], [np.nan, np.inf])).to_json()
    assert document["proof"]["max_abs_error"] is None
    json.dumps(document, allow_nan=False)


def test_the_json_does_not_grow_with_the_rows(make: Make) -> None:
    """Histograms and a few rows, never all of them."""
    wanted = np.linspace(0, 1, 50_000)
    document = make(block("data", wanted, wanted[::-1])).to_json()
    assert len(json.dumps(document)) < 60_000
    assert len(document["proof"]["flipped"]) == 50
    assert sum(document["proof"]["errors"]["counts"]) == 50_000


def test_a_file_is_named_without_its_folder(tmp_path: Path) -> None:
    """With its hash and size."""
    (tmp_path / "m.skops").write_bytes(b"abc")
    file = InputFile.of("model", tmp_path / "m.skops")
    assert (file.name, file.size_bytes) == ("m.skops", 3)
    assert file.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


# report.html


@pytest.fixture(scope="module", params=["example", "hostile"])
def page(request: pytest.FixtureRequest) -> str:
    """The page of the example and of the one that means harm."""
    report: Report = request.getfixturevalue(request.param)
    return render(report)


def test_a_page_is_well_formed_and_asks_for_nothing(page: str) -> None:
    """No script, nothing from elsewhere, every link leads to a place on the page, every id is there once."""
    parsed = Page(page)
    assert parsed.elements[0][0] == "html"
    assert {"script", "img", "link", "iframe", "object", "base", "form"}.isdisjoint(
        tag for tag, _ in parsed.elements
    )
    assert not [name for _, pairs in parsed.elements for name in pairs if name.startswith("on")]
    assert "default-src 'none'" in page
    ids = parsed.attributes("id")
    assert len(ids) == len(set(ids))
    links = parsed.attributes("src", "href", "xlink:href", "srcset", "action")
    assert [link for link in links if link.removeprefix("#") not in ids] == []
    assert "@import" not in page
    assert set(re.findall(r"url\((.)", page)) <= {"#"}
    assert len(page.encode()) < LIMIT


def test_a_page_can_be_read_without_seeing_it(page: str) -> None:
    """Language, title, one first heading, captions, header cells, figures with a name and a description."""
    parsed = Page(page)
    assert parsed.elements[0] == ("html", {"lang": "en"})
    assert parsed.count("h1") == 1
    assert parsed.count("caption") == parsed.count("table") >= 6
    assert all("scope" in pairs for tag, pairs in parsed.elements if tag == "th")
    figures_drawn = [pairs for tag, pairs in parsed.elements if tag == "svg"]
    assert len(figures_drawn) == parsed.count("figcaption") == 3
    ids = set(parsed.attributes("id"))
    for pairs in figures_drawn:
        assert pairs["role"] == "img"
        assert {pairs["aria-labelledby"], pairs["aria-describedby"]} <= ids
    regions = parsed.attributes("aria-labelledby", "aria-describedby")
    assert [name for name in regions if name not in ids] == []


def test_figures_are_well_formed_and_adapt_to_light_and_dark(page: str) -> None:
    """Each is XML with a title and a text; its colours are variables of the style sheet."""
    colours = set(re.findall(r"--([a-z-]+):", page))
    assert "prefers-color-scheme: dark" in page
    for drawing in drawings(page):
        root = ElementTree.fromstring(drawing)
        title, description = root[0], root[1]
        assert (title.tag.rpartition("}")[2], description.tag.rpartition("}")[2]) == ("title", "desc")
        assert title.text
        assert description.text
        assert set(re.findall(r"var\(--([a-z-]+)\)", drawing)) <= colours
        assert re.findall(r"#(?!0{6})[0-9a-f]{6}\b", drawing) == []
        assert HOSTILE[:8] not in drawing


def test_names_are_shown_as_they_are_and_do_nothing(hostile: Report) -> None:
    """Markup is text; what moves a cursor or turns the direction of writing is spelled out."""
    page = render(hostile)
    text = "".join(Page(page).text)
    assert "<script>alert('1')</script>" in text
    assert "\\x1b[31m \\u202etxet \\ud800 ☃ 睡眠" in text
    assert not set(page) & {"\x1b", "\u202e", "\ud800"}
    assert "240 more in contract.json" in text
    assert "x" * 1000 not in page
    page.encode()


def test_the_verdict_is_the_first_thing_said(example: Report, hostile: Report) -> None:
    """In words, with a sign that needs no colour."""
    for report, sign in ((example, "✓ Proved"), (hostile, "✗ Not proved")):
        text = " ".join("".join(Page(render(report)).text).split())
        assert f"{sign}" in text
        assert report.verdict in text
        assert text.index(report.verdict) < text.index("The proof")
    assert hostile.verdict == (
        "The converted model does not answer as scikit-learn does: 4 of 6 rows got another class and a probability "
        "is a number on one side only."
    )


def test_equal_reports_give_equal_bytes(example: Report) -> None:
    """Nothing of a page or a document depends on when it was made."""
    assert render(example) == render(replace(example))
    assert example.to_json() == replace(example).to_json()


def test_figures_are_the_same_in_another_process() -> None:
    """Whatever the hash seed."""
    code = (
        "import numpy as np; from model_conversion.figures import parity; x = np.linspace(0, 1, 9); "
        "print(parity(x, x**2, x > 0.5, quantity='value'))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "1"}
    command = [sys.executable, "-c", code]
    other = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    x = np.linspace(0, 1, 9)
    assert figures.parity(x, x**2, x > 0.5, quantity="value") == other.removesuffix("\n")


def test_a_page_stays_small_however_much_it_reports(make: Make, contract: Contract) -> None:
    """A hundred thousand scattered rows, a thousand features of three hundred categories."""
    draw = np.random.default_rng(0)
    wide = replace(contract.features[1], categories=tuple(f"{'c' * 70}{at}" for at in range(300)))
    features: list[Feature] = [replace(wide, name=f"feature {at}") for at in range(1000)]
    changed = replace(contract, features=tuple(features), actionable=contract.actionable[:1] * 1000)
    rows = block("data", draw.random(110_000), draw.random(110_000))
    page = render(make(rows, contract=changed))
    assert len(page.encode()) < LIMIT
    assert "the first 500 of 1,000" in page


def test_the_points_drawn_keep_the_flips_and_the_farthest() -> None:
    """Where rows share a dot, the row that matters is the one drawn."""
    wanted = np.full(50_000, 0.25)
    seen = wanted + np.linspace(0, 1e-4, 50_000)
    flips = np.zeros(50_000, dtype=bool)
    wanted[7] = seen[7] = 0.75
    flips[7] = True
    drawn = figures._thinned(wanted, seen, flips, 0.0, 1.0)
    assert {7, 49_999} <= set(drawn.tolist())
    assert len(drawn) < 10


@pytest.mark.parametrize(
    ("wanted", "seen"),
    [
        ([[0.0]], [[0.0]]),
        ([[5.0]] * 3, [[5.0]] * 3),
        ([[np.nan], [1.0]], [[np.nan], [np.inf]]),
        ([[1e200], [-1e200]], [[-1e200], [1e200]]),
        ([[1e-300], [2e5]], [[1e300], [2e5]]),
        ([[1.0, -2.0, 3.0]] * 2, [[1.0, -2.0, 4.0]] * 2),
    ],
)
def test_any_numbers_can_be_reported(
    make: Make, contract: Contract, wanted: list[list[float]], seen: list[list[float]]
) -> None:
    """A regression of one or more values, constant, vast or no numbers at all; no warning, no class."""
    names = tuple(f"y{at}" for at in range(len(wanted[0])))
    outputs = replace(
        contract.outputs,
        label=None,
        classes=(),
        score_names=names,
        positive=None,
        threshold=None,
        unit="€",
    )
    changed = replace(contract, model=replace(contract.model, task="regression"), outputs=outputs)
    rows = Block(
        source="data",
        wanted=Reference(labels=[None] * len(wanted), scores=np.array(wanted)),
        seen=[Prediction(None, tuple(row)) for row in seen],
    )
    report = make(rows, contract=changed)
    page = render(report)
    assert "Other class</dt>" not in page
    assert report.passed == (wanted == seen)
    json.dumps(report.to_json(), allow_nan=False)
    for drawing in drawings(page):
        ElementTree.fromstring(drawing)


def test_clusters_and_their_distances_can_be_reported(make: Make, contract: Contract) -> None:
    """The score of an answer is the distance to its cluster."""
    changed = replace(contract, model=replace(contract.model, task="clustering"))
    rows = Block(
        source="data",
        wanted=Reference(labels=[0], scores=np.array([[0.5, 2.0]])),
        seen=[Prediction(1, (0.5, 0.4))],
    )
    report = make(rows, contract=changed)
    assert "the largest difference of a distance is 1.6" in report.verdict
    assert (report.flipped[0].wanted_score, report.flipped[0].seen_score) == (0.5, 0.4)
    assert "Distance of" in render(report)


def test_a_report_of_nothing_is_still_a_page(make: Make) -> None:
    """Nothing compared, nothing measured, nothing tried."""
    report = make(attempts=(), inputs=(), timings=None)
    page = render(report)
    Page(page)
    assert "Nothing was compared, so nothing is proved." in page
    assert drawings(page) == []


def test_timings_that_cannot_be_compared_are_told(make: Make) -> None:
    """Slower is called slower, and nothing is divided by zero."""
    slow = replace(TIMINGS, row_us=7800.0, batch_ms=0.0, load_ms=2e3)
    page = render(make(block("data", [0.5], [0.5]), timings=slow))
    assert "2 times slower" in page
    assert "not measurable" in page
    assert "2 s" in page


def test_before_and_after_stand_side_by_side(make: Make) -> None:
    """Sizes, operators, trees and load times of the library's own graph and the written one, with their ratio."""
    before = GraphFacts(strategy="float32", size_bytes=5_000, nodes=1, tree_nodes=400)
    after = GraphFacts(strategy="float64", size_bytes=2_000, nodes=9, tree_nodes=300)
    report = make(
        block("data", [0.5], [0.5]),
        graphs=Graphs(default=before, written=after),
        timings=replace(TIMINGS, load_ms=6.0, default_load_ms=12.0),
    )
    page = render(report)
    Page(page)
    assert "was not good enough" in page
    assert page.count(">0.40<") == 1
    assert page.count(">0.75<") == 1
    assert page.count(">0.50<") == 1
    assert report.to_json()["graphs"] == {"default": asdict(before), "written": asdict(after)}
    same = render(replace(report, graphs=Graphs(default=after, written=after)))
    assert "which is the same with its lists" in same
    alone = replace(report, graphs=Graphs(default=None, written=after), timings=TIMINGS)
    assert "none to compare with" in render(alone)


def test_the_example_shows_before_and_after(artefact: Path, contract: Contract) -> None:
    """Counted in the graphs themselves."""
    graphs = json.loads((artefact / "report.json").read_bytes())["graphs"]
    assert graphs["written"]["size_bytes"] == contract.model.size_bytes
    assert graphs["written"]["strategy"] == contract.model.precision
    assert graphs["default"]["nodes"] > 0


def test_a_report_is_quick_to_import() -> None:
    """The drawing library and the template engine wait until there is a page to write."""
    code = "import sys, model_conversion.report; print({'matplotlib', 'jinja2'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"
