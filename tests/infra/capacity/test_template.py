"""What a template costs, read from the real one."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.capacity.errors import InputError
from infra.capacity.orders import orders_of
from infra.capacity.template import load_template, read_template
from infra.config import load_config
from infra.schedule import load


@pytest.fixture(scope="module")
def template(template_file: Path) -> dict[str, Any]:
    """Prod's template, parsed; not to be changed."""
    parsed: dict[str, Any] = json.loads(template_file.read_text())
    return parsed


def test_prods_template_says_what_its_configuration_and_schedule_say(template: dict[str, Any]) -> None:
    """Memory, timeouts, retention and processor of the stage; capacity of the schedule file."""
    config, facts = (
        load_config("prod", {"jwt_issuer": "https://issuer.example", "jwt_audience": "nightjar"}),
        read_template(template),
    )

    assert (facts.memory_mb, facts.timeout_s) == (config.memory_mb, config.timeout_s)
    assert facts.gateway_timeout_s == config.integration_timeout_s
    assert (facts.architecture, facts.retention_days) == (config.architecture, config.log_retention_days)
    assert facts.orders == orders_of(load(Path("infra/schedule.toml")))
    assert facts.is_image
    assert facts.target == 0.0


def test_every_alarm_metric_dashboard_and_key_is_counted(template: dict[str, Any]) -> None:
    """As many as the template has resources; custom metrics by namespace, name and dimensions, each once."""
    facts = read_template(template)
    kinds = [item["Type"] for item in template["Resources"].values()]

    assert facts.alarms == kinds.count("AWS::CloudWatch::Alarm") > 8
    assert facts.dashboards == kinds.count("AWS::CloudWatch::Dashboard") == 1
    assert facts.keys == kinds.count("AWS::KMS::Key") == 1
    assert {name for _, name, _ in facts.metrics} == {
        "PredictionProbability",
        "ScoreDrift",
        "MaxMemoryUsed",
        "InitOnDemand",
        "InitProvisioned",
    }
    assert facts.daily_functions == 1
    assert facts.access_log_format.startswith('{"type":"gateway.access"')


def test_an_alarm_over_metric_math_counts_each_of_its_metrics() -> None:
    """Source: CloudWatch pricing, alarms on metric math."""
    query = {"MetricStat": {"Metric": {"Namespace": "Own", "MetricName": "A"}, "Stat": "Sum", "Period": 60}}
    other = {
        "MetricStat": {"Metric": {"Namespace": "AWS/Lambda", "MetricName": "B"}, "Stat": "Sum", "Period": 60}
    }
    facts = read_template(
        {
            "Resources": {
                "Alias": {"Type": "AWS::Lambda::Alias", "Properties": {"FunctionName": {"Ref": "Function"}}},
                "Function": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Key": "x"}}},
                "Alarm": {
                    "Type": "AWS::CloudWatch::Alarm",
                    "Properties": {"Metrics": [query, other, {"Expression": "a/b"}]},
                },
            }
        }
    )
    assert facts.alarms == 2
    assert facts.metrics == {("Own", "A", "")}
    assert (facts.memory_mb, facts.timeout_s, facts.is_image, facts.orders) == (128, 3, False, ())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "cannot read the template"),
        ("{}", "no template of this project: KeyError\\('Resources'\\); run make synth again"),
        ('{"Resources": {}}', "no template of this project"),
        ("[]", "no template of this project"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, text: str, told: str) -> None:
    """With its name and what to run."""
    path = tmp_path / "some.json"
    path.write_text(text)
    with pytest.raises(InputError, match=told):
        load_template(path)


def test_an_unknown_kind_of_schedule_is_refused(template: dict[str, Any], tmp_path: Path) -> None:
    """Rather than priced as nothing."""
    path = tmp_path / "template.json"
    path.write_text(json.dumps(template).replace("cron(45 5 ? * ", "cron(45 5 1 * "))
    with pytest.raises(InputError, match=r"a capacity schedule is 'cron\(45 5 1"):
        load_template(path)
