"""Bills: the brief's table, and that nothing is charged twice or lost."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.capacity.bill import Usage, bill_of
from infra.capacity.brief import BRIEF, BRIEF_USD
from infra.prices import load_prices

PRICES = load_prices("eu-central-1")


def test_the_briefs_table_is_reproduced_line_by_line() -> None:
    """$2.48 Lambda, $2.93 CloudWatch, $0.24 API, $0.10 image, $0.00 messages: $5.75, unrounded 5.7536."""
    bill = bill_of(BRIEF, PRICES)

    services = {
        service: round(bill.of(service), 2) for service in dict.fromkeys(line.service for line in bill.lines)
    }
    assert services == {
        "Lambda": 2.48,
        "API Gateway": 0.24,
        "Transfer": 0.0,
        "CloudWatch": 2.93,
        "ECR": 0.10,
        "SNS": 0.0,
        "KMS": 0.0,
    }
    assert round(bill.usd, 4) == 5.7536
    assert round(bill.usd, 2) == BRIEF_USD


def test_the_briefs_largest_lines_are_those_of_its_inputs() -> None:
    """250 MB × 600,000 s, eight metrics of Lambda Insights, and 1.1 KB of log a request."""
    lines = {line.item: line for line in bill_of(BRIEF, PRICES).lines}
    assert lines["on demand"].quantity == 250 / 1024 * 600_000
    assert lines["Lambda Insights"].usd == pytest.approx(2.40)
    assert lines["logs in"].usd == pytest.approx(0.1322, abs=5e-5)


def test_provisioned_capacity_has_prices_of_its_own() -> None:
    """One environment of 1,024 MB for a day, busy for an hour of it, on x86_64 and arm64."""
    usage = Usage(
        architecture="x86_64",
        memory_mb=1024,
        requests=0,
        on_demand_s=0,
        provisioned_s=86_400,
        provisioned_requests_s=3600,
    )
    assert bill_of(usage, PRICES).usd == pytest.approx(86_400 * 0.0000041667 + 3600 * 0.0000097222)
    arm64 = bill_of(replace(usage, architecture="arm64"), PRICES).usd
    assert arm64 == pytest.approx(86_400 * 0.0000033334 + 3600 * 0.0000077778)


USAGES = st.builds(
    Usage,
    architecture=st.sampled_from(["x86_64", "arm64"]),
    memory_mb=st.integers(128, 10_240),
    requests=st.floats(0, 1e9),
    on_demand_s=st.floats(0, 1e8),
    provisioned_requests_s=st.floats(0, 1e8),
    provisioned_s=st.floats(0, 1e8),
    api_requests=st.floats(0, 1e9),
    response_bytes=st.floats(0, 1e13),
    log_bytes=st.floats(0, 1e13),
    log_retention_days=st.integers(0, 3653),
    metric_months=st.floats(0, 100),
    alarms=st.integers(0, 100),
    dashboards=st.integers(0, 10),
    image_bytes=st.floats(0, 1e11),
    keys=st.floats(0, 5),
)


@given(USAGES)
def test_free_quantities_only_ever_make_it_cheaper(usage: Usage) -> None:
    """Everything charged ≥ dashboard free ≥ free tier, and no line is below 0."""
    charged, dashboard, free = (
        bill_of(usage, PRICES),
        bill_of(usage, PRICES, free_dashboards=True),
        bill_of(usage, PRICES, free_tier=True),
    )
    assert charged.usd >= dashboard.usd >= free.usd >= 0
    assert all(line.usd >= 0 for line in free.lines)
    assert {line.item for line in charged.lines} == {line.item for line in free.lines}


@given(USAGES, st.integers(2, 10))
def test_with_everything_charged_a_bill_is_linear(usage: Usage, times: int) -> None:
    """Twice the use costs twice as much: no step, no line left out."""
    numbers = {
        name: getattr(usage, name) * times
        for name in Usage.__dataclass_fields__
        if name not in {"architecture", "memory_mb", "log_retention_days"}
    }
    assert bill_of(replace(usage, **numbers), PRICES).usd == pytest.approx(bill_of(usage, PRICES).usd * times)
