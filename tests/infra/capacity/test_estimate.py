"""What a simulated month uses, against what the function really writes and what the run says."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest

from function.contract import Contract
from function.service import Service
from function.settings import Settings
from infra.capacity.estimate import FUNCTION_LOG_BYTES, RESPONSE_BYTES, usage_of
from infra.capacity.measurements import Measurements
from infra.capacity.orders import capacity_of
from infra.capacity.simulate import COLD, Capacity, Platform
from infra.capacity.template import StackFacts, load_template
from infra.capacity.traffic import DAY_S, MONTH_DAYS, load_profile
from infra.capacity.workload import Workload, workload_of
from infra.prices import load_prices

PRICES = load_prices("eu-central-1")


@pytest.fixture(scope="module")
def stack(template_file: Path) -> StackFacts:
    """Prod's facts."""
    return load_template(template_file)


@pytest.fixture(scope="module")
def workload(measurements: Measurements) -> Workload:
    """Four weeks of the example's traffic."""
    profile = load_profile(Path("infra/capacity/traffic.toml"))
    return workload_of(profile, measurements.at(512), weeks=4, seed=1)


def test_the_assumed_bytes_of_a_request_are_those_that_the_function_writes(
    artefact: Path, library: Path, contract: Contract, capsys: pytest.CaptureFixture[str]
) -> None:
    """Log line, metric and body of one prediction with advice; the estimate is not below and not a third above."""
    settings = Settings(
        contract_sha256=hashlib.sha256((artefact / "contract.json").read_bytes()).hexdigest(),
        service="nightjar-prod",
        model_folder=str(artefact),
        library_folder=str(library),
    )
    service = Service(settings, perf_counter())
    capsys.readouterr()
    event = {
        "rawPath": "/predictions",
        "headers": {"content-type": "application/json"},
        "requestContext": {"http": {"method": "POST", "path": "/predictions"}, "stage": "$default"},
        "body": json.dumps({"instances": [contract.golden.rows[0].row]}),
        "isBase64Encoded": False,
    }
    answer = service.handle(event, "6d68ca91-49c9-448d-89b8-7ca3e6dc66aa")
    written = len(capsys.readouterr().out.encode())

    assert 0.7 * FUNCTION_LOG_BYTES < written <= FUNCTION_LOG_BYTES
    assert len(answer["body"]) + sum(map(len, answer["headers"].values())) <= RESPONSE_BYTES


def test_a_month_is_scaled_from_the_simulated_weeks(stack: StackFacts, workload: Workload) -> None:
    """Requests, capacity and metrics; without capacity nothing of it is used and its metric has no data."""
    run = workload.run(Capacity.none(), Platform())
    usage = usage_of(workload, run, stack, PRICES, memory_mb=512)

    assert usage.requests == pytest.approx(workload.arrivals_s.size * MONTH_DAYS / 28)
    assert usage.requests == pytest.approx(200_000, rel=0.03)
    assert usage.provisioned_s == usage.provisioned_requests_s == 0
    # Score and memory in nearly every hour, starts in some, drift once a day, capacity never.
    assert 2.0 < usage.metric_months < 3.1


def test_capacity_is_used_as_the_template_orders_it(stack: StackFacts, workload: Workload) -> None:
    """Windows of 2.5 hours in the morning and 3 in the evening with 15 minutes before each, at its concurrency."""
    most = max(order.maximum for order in stack.orders)
    run = workload.run(capacity_of(stack.orders, weeks=4), Platform())
    usage = usage_of(workload, run, stack, PRICES, memory_mb=512)

    assert usage.provisioned_s == pytest.approx((2.75 + 3.25) * 3600 * MONTH_DAYS * most)
    assert usage.provisioned_requests_s > 0
    spent = workload.billed_s(run)
    cold = int((run.kind == COLD).sum())
    ms = np.ceil(workload.service_s * 1000).sum() / 1000
    assert spent[0] + spent[1] == pytest.approx(
        ms
        - np.ceil(workload.service_s[run.kind == COLD] * 1000).sum() / 1000
        + cold * workload.billed_start_s
    )


def test_throttled_requests_reach_the_gateway_and_not_the_function(
    stack: StackFacts, workload: Workload
) -> None:
    """They are charged there alone."""
    slow = replace(workload, service_s=np.full(workload.arrivals_s.size, 5.0, np.float32))
    run = slow.run(Capacity.none(), Platform(concurrency_limit=1))
    usage = usage_of(slow, run, stack, PRICES, memory_mb=512)
    assert 0 < usage.requests < usage.api_requests
    assert usage.api_requests == pytest.approx(slow.arrivals_s.size * MONTH_DAYS * DAY_S / slow.horizon_s)
