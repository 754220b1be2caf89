"""Alarms, held to the tables of the CloudWatch user guide."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.metrics.alarms import Alarm, AlarmError, State, Treatment, breaches, evaluate

RETAIN = "retain"
INSUFFICIENT = "INSUFFICIENT_DATA"

# Points (0 within the threshold, X beyond it, - missing; the oldest first), M of N = 3, and the state under
# missing, ignore, breaching and notBreaching.
# Source: "How alarm state is evaluated when data is missing", Amazon CloudWatch user guide, whose Markdown is
# awsdocs/amazon-cloudwatch-user-guide, doc_source/AlarmThatSendsEmail.md at 05fd32f63861.
TABLE = [
    ("0-X-X", 3, ("OK", "OK", "OK", "OK")),
    ("0----", 3, ("OK", "OK", "OK", "OK")),
    ("-----", 3, (INSUFFICIENT, RETAIN, "ALARM", "OK")),
    ("0XX-X", 3, ("ALARM", "ALARM", "ALARM", "ALARM")),
    ("----X", 3, (INSUFFICIENT, RETAIN, "ALARM", "OK")),
    ("X----", 3, ("ALARM", RETAIN, "ALARM", "OK")),
    ("0-X-X", 2, ("ALARM", "ALARM", "ALARM", "ALARM")),
    ("00X0X", 2, ("ALARM", "ALARM", "ALARM", "ALARM")),
    ("0-X--", 2, ("OK", "OK", "ALARM", "OK")),
    ("----0", 2, ("OK", "OK", "ALARM", "OK")),
    ("----X", 2, (INSUFFICIENT, RETAIN, "ALARM", "OK")),
]
TREATMENTS: tuple[Treatment, ...] = ("missing", "ignore", "breaching", "notBreaching")
STATES: tuple[State, ...] = ("OK", "ALARM", "INSUFFICIENT_DATA")
PROPERTIES = {
    "AlarmName": "late",
    "Namespace": "Space",
    "MetricName": "Latency",
    "Dimensions": [{"Name": "b", "Value": "2"}, {"Name": "a", "Value": "1"}],
    "ExtendedStatistic": "p99",
    "Period": 300,
    "EvaluationPeriods": 3,
    "ComparisonOperator": "GreaterThanThreshold",
    "Threshold": 5,
}


@pytest.mark.parametrize("current", STATES)
@pytest.mark.parametrize(
    ("points", "needed", "treatment", "expected"),
    [
        (points, needed, treatment, state)
        for points, needed, states in TABLE
        for treatment, state in zip(TREATMENTS, states, strict=True)
    ],
)
def test_documented_states(
    points: str, needed: int, treatment: Treatment, expected: str, current: State
) -> None:
    """Every cell of the guide's two tables comes out, whatever the state before."""
    state = evaluate(
        [{"0": False, "X": True, "-": None}[point] for point in points],
        evaluation_periods=3,
        datapoints_to_alarm=needed,
        missing=treatment,
        current=current,
    )
    assert (current if expected == RETAIN else expected) == state


@given(
    points=st.lists(st.sampled_from([True, False]), min_size=5, max_size=9),
    needed=st.integers(1, 3),
    treatment=st.sampled_from(TREATMENTS),
    current=st.sampled_from(STATES),
)
def test_complete_data_need_no_treatment(
    points: list[bool], needed: int, treatment: Treatment, current: State
) -> None:
    """Without a missing point, M breaches among the last N alone decide."""
    state = evaluate(
        points, evaluation_periods=3, datapoints_to_alarm=needed, missing=treatment, current=current
    )
    assert ("ALARM" if points[-3:].count(True) >= needed else "OK") == state


@pytest.mark.parametrize(
    ("comparison", "expected"),
    [
        ("GreaterThanThreshold", [False, False, True, None]),
        ("GreaterThanOrEqualToThreshold", [False, True, True, None]),
        ("LessThanThreshold", [True, False, False, None]),
        ("LessThanOrEqualToThreshold", [True, True, False, None]),
    ],
)
def test_comparisons(comparison: str, expected: list[bool | None]) -> None:
    """The threshold itself breaches only where the operator includes it."""
    alarm = Alarm.from_properties({**PROPERTIES, "ComparisonOperator": comparison})
    assert expected == breaches(alarm, [4.0, 5.0, 6.0, None])


def test_defaults_are_cloudwatchs() -> None:
    """Without a setting, every evaluation period must breach and missing data are missing."""
    alarm = Alarm.from_properties(PROPERTIES)
    assert (
        alarm.datapoints_to_alarm,
        alarm.missing,
        alarm.statistic,
        alarm.range_periods,
    ) == (3, "missing", "p99", 5)
    assert alarm.metric.dimensions == (("a", "1"), ("b", "2"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"MetricName": None}, "watches metric math"),
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "compares by GreaterThanUpperThreshold"),
        ({"TreatMissingData": "guess"}, "treats missing data as 'guess'"),
    ],
)
def test_what_is_not_evaluated_is_refused(change: dict[str, object], message: str) -> None:
    """An alarm that cannot be evaluated as CloudWatch would is an error, never a wrong state."""
    with pytest.raises(AlarmError, match=message):
        Alarm.from_properties({**PROPERTIES, **change})
