"""The example's plan, whole: limits kept, price below the brief's, and what else could be done."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from infra.capacity.brief import BRIEF_USD
from infra.capacity.errors import NoPlanError
from infra.capacity.measurements import Measurements
from infra.capacity.picture import write_pictures
from infra.capacity.plan import MULTIPLIERS, Plan, make_plan
from infra.capacity.question import Question
from infra.capacity.report import plan_as_dict, plan_table
from infra.capacity.search import Limits
from infra.capacity.template import load_template
from infra.capacity.traffic import load_profile
from infra.prices import load_prices
from infra.schedule import parse


@pytest.fixture(scope="module")
def question(template_file: Path, measurements: Measurements) -> Question:
    """The example's traffic and stack."""
    return Question(
        profile=load_profile(Path("infra/capacity/traffic.toml")),
        measurements=measurements,
        stack=load_template(template_file),
        prices=load_prices("eu-central-1"),
        limits=Limits(cold_share=0.002),
        memory_mb=(256, 512),
    )


@pytest.fixture(scope="module")
def plan(question: Question) -> Plan:
    """Its plan."""
    return make_plan(question)


def test_the_plan_keeps_its_limits_in_every_peak(plan: Plan) -> None:
    """On the traffic that it was made on and on fresh traffic; each peak has its window."""
    limits = plan.question.limits
    assert plan.planned.kept(limits)
    assert plan.checked.kept(limits)
    assert plan.planned.outcome.every.late == 0
    assert {peak.name for peak in plan.schedule.peaks} == {
        "waking-on-school-days",
        "waking-at-the-weekend",
        "before-bed",
    }


def test_morning_and_evening_capacity_included_it_costs_less_than_the_brief(plan: Plan) -> None:
    """On the brief's basis: dashboard free; metrics, alarms and key charged."""
    lines = {(line.service, line.item): line.usd for line in plan.brief_basis.lines}
    assert lines["Lambda", "provisioned"] > 0
    assert lines["KMS", "keys"] == 1.0
    assert lines["CloudWatch", "alarms"] > 1.0
    assert plan.brief_basis.usd < BRIEF_USD
    assert plan.free_tier.usd < plan.brief_basis.usd < plan.planned.bill.usd


def test_the_cheapest_memory_is_taken(plan: Plan) -> None:
    """Half the memory is half the price of what is provisioned."""
    assert plan.memory_mb == 256
    assert plan.by_memory[256] < plan.by_memory[512]


def test_a_memory_that_starts_too_slowly_is_not_taken(question: Question) -> None:
    """Though it is cheaper: 1.3 s with 256 MB, 0.9 s with 512."""
    plan = make_plan(replace(question, limits=Limits(cold_share=0.002, start_s=1.0)))
    assert plan.memory_mb == 512
    assert plan.by_memory[256] != plan.by_memory[256]  # NaN: nothing keeps the limits


def test_what_else_could_be_done_is_priced_beside_it(plan: Plan) -> None:
    """No warm capacity is cheaper, always-on and target tracking are dearer."""
    none, always, tracking = (option.bill.of("Lambda") for option in plan.others)
    own = plan.planned.bill.of("Lambda")
    assert none < own < always
    assert own < tracking
    assert plan.others[0].outcome.provisioned == 0


def test_warm_capacity_pays_where_the_service_is_not_popular(plan: Plan) -> None:
    """At a tenth of the popularity the peaks have far fewer cold starts with it than without."""
    assert tuple(plan.popularity) == MULTIPLIERS
    with_it, without = (option.outcome.in_peaks.cold_share for option in plan.popularity[0.1])
    assert with_it < 0.1 * without


def test_without_a_floor_nothing_is_ordered_where_limits_are_kept_anyway(question: Question) -> None:
    """The cheapest capacity is none; an empty schedule is a schedule."""
    relaxed = replace(question, limits=Limits(cold_share=0.05, least=0), memory_mb=(512,))
    plan = make_plan(relaxed)
    assert plan.schedule.peaks == ()
    assert plan.planned.bill.of("Lambda") == pytest.approx(plan.others[0].bill.of("Lambda"))
    assert "no window" in plan_table(plan)


def test_limits_that_cannot_be_kept_are_refused(question: Question) -> None:
    """A start of two seconds is later than a promise of a millisecond, whatever is provisioned."""
    with pytest.raises(NoPlanError, match="are late, wanted at most"):
        make_plan(replace(question, limits=Limits(sla_s=0.001, most=2), memory_mb=(512,)))


def test_report_and_pictures_are_complete(plan: Plan, tmp_path: Path) -> None:
    """Every option and bill line in the text, strict JSON, a page that loads nothing, a picture."""
    text = plan_table(plan)
    for option in (plan.planned, plan.checked, *plan.others):
        assert option.name in text
    assert f"{plan.brief_basis.usd:.2f} USD, the brief says 5.75" in text
    document = json.loads(json.dumps(plan_as_dict(plan), allow_nan=False))
    assert parse(document["schedule"]) == plan.schedule
    assert len(document["options"]) == 2 + len(plan.others)

    page, image = write_pictures(plan, tmp_path / "new")
    html = page.read_text()
    assert "<svg" in html
    assert "waking-on-school-days" in html
    assert not any(word in html for word in ("<script", "<link", 'src="http', "@import"))
    assert image.read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in page.parent.iterdir()) == ["plan.html", "plan.png"]
