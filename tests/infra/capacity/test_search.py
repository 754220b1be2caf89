"""The search for the cheapest capacity, against every possibility on small cases."""

from dataclasses import dataclass
from datetime import time
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.capacity.arrivals import WEEK_S
from infra.capacity.errors import NoPlanError
from infra.capacity.orders import billed_s, capacity_of
from infra.capacity.outcome import outcome_of
from infra.capacity.search import Candidate, Limits, candidates, cheapest, orders_for
from infra.capacity.simulate import Platform
from infra.capacity.traffic import NamedPeak
from infra.capacity.workload import Workload
from infra.prices import load_prices

PRICES = load_prices("eu-central-1").functions
PLATFORM = Platform(idle_expiry_s=60.0, ready_delay_s=300.0)
LEAD_MINUTES = 5
PEAK = NamedPeak(name="dawn", days="weekend", start=time(6), end=time(6, 20))
LATE = NamedPeak(name="dusk", days="weekend", start=time(23, 50), end=time(0, 10))


@dataclass(frozen=True)
class Case:
    """A small case: some requests around the peaks of a weekend."""

    workload: Workload
    limits: Limits


def workload(moments: list[float], *, service_s: float = 20.0) -> Workload:
    """Return requests of a week, each of the same length, cold ones of a minute."""
    return Workload(
        weeks=1,
        arrivals_s=np.sort(np.array(moments, float)),
        service_s=np.full(len(moments), service_s, np.float32),
        start_s=np.array([60.0], np.float32),
        billed_start_s=40.0,
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw requests within and near the peak, and limits that need anything from none to all of the capacity."""
    start = 5 * 86_400 + 6 * 3600.0
    offsets = st.integers(-600, 1250)
    moments = [
        start + day * 86_400 + offset
        for day in (0, 1)
        for offset in draw(st.lists(offsets, min_size=1, max_size=25))
    ]
    limits = Limits(
        cold_share=draw(st.sampled_from([0.0, 0.1, 0.3, 1.0])),
        late_share=1.0,
        least=draw(st.integers(0, 1)),
        most=draw(st.sampled_from([2, 40])),
    )
    return Case(workload=workload(moments), limits=limits)


def price(case: Case, peak: NamedPeak, candidate: Candidate) -> float | None:
    """Return what a candidate costs, from a simulation of everything; None where it breaks the limits."""
    work = case.workload
    run = work.run(capacity_of(orders_for(peak, candidate, lead_minutes=LEAD_MINUTES), weeks=1), PLATFORM)
    spans = {"peak": peak.intervals(1)}
    part = outcome_of(work.arrivals_s, run, peaks=spans, sla_s=case.limits.sla_s).peaks["peak"]
    if not case.limits.kept_by(part):
        return None
    on_demand, on_provisioned = work.billed_s(run)
    reserved = billed_s(run.orders, horizon_s=float(WEEK_S), step_s=PRICES.provisioned_step_s)
    return (
        on_demand * PRICES.gb_s["x86_64"]
        + on_provisioned * PRICES.provisioned_duration_gb_s["x86_64"]
        + reserved * PRICES.provisioned_gb_s["x86_64"]
    )


def search(case: Case, peak: NamedPeak = PEAK) -> tuple[Candidate, float]:
    """Search with 1,024 MB, so that a second is a GB-second."""
    found = cheapest(
        peak,
        case.workload,
        limits=case.limits,
        platform=PLATFORM,
        prices=PRICES,
        architecture="x86_64",
        memory_mb=1024,
        lead_minutes=LEAD_MINUTES,
    )
    return found.candidate, found.usd


@given(cases())
@settings(max_examples=60, deadline=None)
def test_nothing_in_an_exhaustive_search_is_cheaper(case: Case) -> None:
    """Every base, top and part of the peak with up to four environments is priced; none beats what was found."""
    prices = {
        candidate: usd
        for candidate in candidates(PEAK.minutes, least=case.limits.least, most=min(4, case.limits.most))
        if (usd := price(case, PEAK, candidate)) is not None
    }
    try:
        candidate, usd = search(case)
    except NoPlanError:
        assert not any(not item.top for item in prices)
        return
    assert usd == pytest.approx(price(case, PEAK, candidate))
    assert usd <= min(prices.values(), default=float("inf")) * (1 + 1e-9)


def test_peaks_that_do_not_touch_are_cheapest_together_when_each_is() -> None:
    """All combinations of two peaks' candidates, simulated together, against the two searches."""
    start = 5 * 86_400
    moments = [
        start + day * 86_400 + at + 12.0 * number
        for day in (0, 1)
        for at in (6 * 3600.0, 23.9 * 3600)
        for number in range(14)
    ]
    morning = [moment for moment in moments if moment % 86_400 < 43_200]
    evening = [moment for moment in moments if moment % 86_400 >= 43_200]
    limits = Limits(cold_share=0.2, late_share=1.0, least=0, most=3)
    chosen = {peak.name: search(Case(workload(moments), limits), peak) for peak in (PEAK, LATE)}

    def cost(peak: NamedPeak, own: list[float], candidate: Candidate) -> float | None:
        return price(Case(workload(own), limits), peak, candidate)

    every = list(candidates(PEAK.minutes, least=0, most=3))
    costs = [
        [usd for one in every if (usd := cost(peak, own, one)) is not None]
        for peak, own in ((PEAK, morning), (LATE, evening))
    ]
    cheapest_pair = min(sum(pair) for pair in product(*costs))
    assert chosen["dawn"][1] + chosen["dusk"][1] == pytest.approx(cheapest_pair)


def test_no_plan_says_what_was_missed_and_what_to_do() -> None:
    """One environment cannot serve five at once."""
    start = 5 * 86_400 + 6 * 3600.0
    case = Case(workload([start + number for number in range(5)]), Limits(cold_share=0.0, least=1, most=1))
    with pytest.raises(
        NoPlanError, match=r"dawn: with 1 environments 80\.000% of its requests still start cold"
    ):
        search(case)


def test_a_top_is_found_where_it_is_cheaper_than_a_higher_base() -> None:
    """Three requests at once for five minutes of twenty, one at a time before."""
    start = 5 * 86_400 + 6 * 3600.0
    moments = [
        start + day * 86_400 + at
        for day in (0, 1)
        for at in (*range(0, 900, 25), 901, 902, 903, 925, 926, 927)
    ]
    candidate, _ = search(Case(workload(moments), Limits(cold_share=0.0, late_share=1.0, least=1)))
    assert candidate == Candidate(base=1, top=3, begin=15, end=20)


def test_orders_of_a_peak_over_midnight_wrap_into_monday() -> None:
    """Sunday 23:50 to 00:10 ends in the first minutes of the week."""
    orders = orders_for(LATE, Candidate(base=2), lead_minutes=5)
    assert [(order.minute, order.minimum) for order in orders] == [
        (10, 0),
        (5 * 1440 + 1425, 2),
        (6 * 1440 + 10, 0),
        (6 * 1440 + 1425, 2),
    ]
