"""A ramp's end is told by its steps: what held, what broke, and whose fault it was."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from loadtests.breaking import find_break
from loadtests.finding import About, Finding
from loadtests.grading import Fault
from loadtests.judgement import Limits, judge
from loadtests.report import as_dict, as_markdown, as_table
from loadtests.samples import Sample
from loadtests.shapes import Ramp

LIMITS = Limits(sla_s=10.0, p99_s=8.0)
RAMP = Ramp(first_per_s=10, factor=2, step_s=5, most_per_s=80, most_s=20)
ABOUT = About(model="m 1", host="http://h", shape="a ramp")
FAULT = Fault(kind="failed", reason="status 429", detail="Rate Exceeded")


def sample(
    due_s: float, elapsed_s: float = 0.1, *, fault: Fault | None = None, late_s: float = 0.0
) -> Sample:
    """Return one of an open load."""
    return Sample(
        started_s=due_s + late_s,
        elapsed_s=elapsed_s,
        status=200,
        rows=1,
        cold=False,
        fault=fault,
        due_s=due_s,
        late_s=late_s,
    )


def find(samples: list[Sample]) -> Finding:
    """Return the finding of a ramp."""
    found = find_break(samples, ramp=RAMP, limits=LIMITS)
    return Finding(about=ABOUT, limits=LIMITS, verdict=judge(samples, LIMITS), breakpoint=found)


@given(st.integers(0, 3), st.integers(1, 4))
def test_the_first_step_that_breaks_is_the_break(bad: int, steps: int) -> None:
    """Whatever comes after it; a break of the very first is none that has a lower bound."""
    samples = [
        sample(step * 5.0 + n / 10, 11.0 if step == bad and n == 3 else 0.1)
        for step in range(steps)
        for n in range(10)
    ]
    found = find_break(samples, ramp=RAMP, limits=LIMITS)
    rates = RAMP.rates_per_s
    assert [step.rate_per_s for step in found.steps] == list(rates[: min(bad + 1, steps)])
    assert (found.broken.rate_per_s if found.broken else None) == (rates[bad] if bad < steps else None)
    assert found.found is (0 < bad < steps)


def test_a_break_is_success_and_told_with_rates_and_concurrency() -> None:
    """In the table, in the text for a pull request and in the summary."""
    finding = find([sample(n / 10, 0.05) for n in range(60)] + [sample(5.92, fault=FAULT)])
    assert finding.passed
    sentence = (
        "FOUND: it holds 10.0 requests/s (1 at once) and breaks at 20.0 (2 at once): 1 of 11 requests failed: "
        "status 429, the first: Rate Exceeded"
    )
    for text in (as_table(finding), as_markdown(finding)):
        assert sentence in text
    summary = as_dict(finding)
    assert (summary["passed"], summary["problems"]) == (True, [])
    found = summary["breakpoint"]
    assert (found["held_per_s"], found["broken_per_s"], len(found["steps"])) == (10, 20, 2)


def test_no_break_is_a_failure_that_says_how_far_it_went() -> None:
    """The ramp has a cap."""
    (problem,) = find([sample(step * 5.0) for step in range(4)]).problems
    assert problem.startswith("nothing broke up to 80.0 requests/s")


def test_a_deployment_that_does_not_hold_the_first_step_fails() -> None:
    """There is no rate that it holds."""
    finding = find([sample(0.0, fault=FAULT)])
    assert finding.problems[0].startswith(
        "not even the first step, 10.0 requests/s, was held: 1 of 1 requests"
    )
    assert "FAILED: not even" in as_table(finding)


def test_a_generator_that_is_late_is_not_the_deployments_break() -> None:
    """What it sent was not the load of the step."""
    samples = [sample(0.0), sample(5.0, late_s=3.0)]
    finding = find(samples)
    assert not finding.passed
    assert "the load generator sent" in finding.problems[0]
    assert find([samples[0], replace(samples[1], fault=FAULT)]).passed


def test_nothing_sent_is_no_finding() -> None:
    """As everywhere."""
    assert find([]).problems == ("no request was made, so nothing was tested",)
