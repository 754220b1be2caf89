"""What wakes a person: each alarm says what it means and what to do first.

Traffic is sparse, so that no data is good news; the one exception says so. No metric math: an alarm is charged for
each metric that it reads, and a reader sees what it watches.
"""

__all__ = ["Alarms"]

from dataclasses import dataclass

from aws_cdk import Duration, aws_apigatewayv2, aws_cloudwatch, aws_cloudwatch_actions, aws_lambda, aws_sns
from constructs import Construct

from function.contract import Contract
from infra.config import StageConfig
from infra.schedule import Schedule
from infra.stack.drift import Drift
from infra.stack.observability import Observability

_FIVE, _QUARTER, _DAY = Duration.minutes(5), Duration.minutes(15), Duration.days(1)
_ABOVE = aws_cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
_AT_LEAST = aws_cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
_BELOW = aws_cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD


@dataclass(frozen=True, slots=True, kw_only=True)
class _Alarm:
    name: str
    metric: aws_cloudwatch.Metric
    statistic: str
    period: Duration
    threshold: float
    means: str
    first: str
    comparison: aws_cloudwatch.ComparisonOperator = _AT_LEAST
    missing: aws_cloudwatch.TreatMissingData = aws_cloudwatch.TreatMissingData.NOT_BREACHING


class Alarms(Construct):
    """All alarms of a stage; each tells the topic when it begins and when it ends.

    Args:
        scope: The stack.
        id_: Name within the stack.
        config: The stage: thresholds.
        topic: Who is told.
        alias: Whose metrics count.
        http_api: Whose answers count.
        observability: Metrics of memory, initialisation and scores.
        drift: Metric of the score's distribution.
        contract: What the model answers.
        schedule: When capacity is warm.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: StageConfig,
        topic: aws_sns.ITopic,
        alias: aws_lambda.Alias,
        http_api: aws_apigatewayv2.HttpApi,
        observability: Observability,
        drift: Drift,
        contract: Contract,
        schedule: Schedule,
    ) -> None:
        super().__init__(scope, id_)
        action = aws_cloudwatch_actions.SnsAction(topic)
        alarms = [
            *_requests(config, alias, http_api),
            *_environments(config, observability),
            *_scores(config, contract, observability.score),
            *_drift(config, drift),
            *(_peaks(config, schedule, alias, observability) if schedule.peaks else ()),
        ]
        for alarm in alarms:
            created = aws_cloudwatch.Alarm(
                self,
                alarm.name,
                alarm_name=f"{config.service}-{alarm.name}",
                alarm_description=f"{alarm.means} First: {alarm.first}",
                metric=alarm.metric.with_(statistic=alarm.statistic, period=alarm.period),
                threshold=alarm.threshold,
                comparison_operator=alarm.comparison,
                evaluation_periods=1,
                datapoints_to_alarm=1,
                treat_missing_data=alarm.missing,
            )
            created.add_alarm_action(action)
            created.add_ok_action(action)


def _requests(
    config: StageConfig, alias: aws_lambda.Alias, http_api: aws_apigatewayv2.HttpApi
) -> list[_Alarm]:
    return [
        _Alarm(
            name="errors",
            metric=alias.metric_errors(),
            statistic="Sum",
            period=_FIVE,
            threshold=1,
            means="The function failed for a caller.",
            first="run the saved query 'errors'; if it began with a deployment, `make rollback`.",
        ),
        _Alarm(
            name="server-errors",
            metric=http_api.metric_server_error(),
            statistic="Sum",
            period=_FIVE,
            threshold=1,
            means="The API answered 5xx: the function failed, or took longer than the gateway waits.",
            first="look whether 'errors' or 'latency' alarms too, then run the saved query 'errors'.",
        ),
        _Alarm(
            name="latency",
            metric=http_api.metric_latency(),
            statistic="p99",
            period=_QUARTER,
            threshold=config.latency_alarm_ms,
            means="One caller in a hundred waits almost the 10 s that are promised at most.",
            first="run the saved query 'slowest requests' and see whether they were cold starts.",
        ),
        _Alarm(
            name="throttles",
            metric=alias.metric_throttles(),
            statistic="Sum",
            period=_FIVE,
            threshold=1,
            means="Lambda refused requests: no concurrency was left.",
            first="compare concurrency on the dashboard with reserved_concurrency and the account's quota.",
        ),
    ]


def _environments(config: StageConfig, observability: Observability) -> list[_Alarm]:
    return [
        _Alarm(
            name="memory",
            metric=observability.max_memory_used_mb,
            statistic="Maximum",
            period=_FIVE,
            threshold=round(config.memory_alarm_share * config.memory_mb),
            means="The function is close to its memory limit, beyond which Lambda ends it.",
            first="raise memory_mb and deploy; then ask what grew.",
        ),
        _Alarm(
            name="slow-start",
            metric=observability.init_on_demand_ms,
            statistic="Maximum",
            period=_QUARTER,
            threshold=config.init_alarm_ms,
            means="An environment started slowly while a caller waited.",
            first="compare the model's size and the bundle with the last deployment.",
        ),
    ]


def _scores(config: StageConfig, contract: Contract, score: aws_cloudwatch.Metric) -> list[_Alarm]:
    """Watch the mean probability on both sides of a band; only a positive class has a base rate to hold it to.

    Over a day: a single request at night is its own mean, and would leave the band by chance.
    """
    if contract.model.task != "classification" or contract.outputs.positive is None:
        return []
    base = contract.outputs.base_rate
    low = config.probability_low if config.probability_low >= 0 else _shifted(base, -config.probability_band)
    high = (
        config.probability_high if config.probability_high >= 0 else _shifted(base, config.probability_band)
    )
    first = "look at the class mix and at drift; ask whether callers, their app or the season changed."
    return [
        _Alarm(
            name=f"probability-{side}",
            metric=score,
            statistic="Average",
            period=_DAY,
            threshold=round(limit, 4),
            comparison=comparison,
            means=f"The mean predicted probability of a day is far {word} the base rate of training.",
            first=first,
        )
        for side, word, limit, comparison in (
            ("low", "below", low, _BELOW),
            ("high", "above", high, _ABOVE),
        )
        if limit is not None and 0 < limit < 1
    ]


def _shifted(base: float | None, by: float) -> float | None:
    return None if base is None else base + by


def _drift(config: StageConfig, drift: Drift) -> list[_Alarm]:
    return [
        _Alarm(
            name="drift",
            metric=drift.index,
            statistic="Maximum",
            period=_DAY,
            threshold=config.drift_alarm_psi,
            comparison=_ABOVE,
            means="A day's scores are distributed otherwise than in training.",
            first="compare the inputs' ranges with the model card; consider training again.",
        ),
        _Alarm(
            name="drift-check",
            metric=drift.errors,
            statistic="Sum",
            period=_DAY,
            threshold=1,
            means="The daily drift comparison failed, so nobody watches for drift.",
            first="read its last log lines; it runs again tomorrow.",
        ),
    ]


def _peaks(
    config: StageConfig, schedule: Schedule, alias: aws_lambda.Alias, observability: Observability
) -> list[_Alarm]:
    spillover = _Alarm(
        name="spillover",
        metric=alias.metric("ProvisionedConcurrencySpilloverInvocations"),
        statistic="Sum",
        period=_FIVE,
        threshold=config.spillover_alarm_count,
        means="A peak had more simultaneous requests than warm capacity; the others met cold starts.",
        first="raise the peak's concurrency in the schedule if it repeats.",
    )
    absent = _Alarm(
        name="capacity-absent",
        metric=observability.init_provisioned_ms,
        statistic="SampleCount",
        period=_DAY,
        threshold=1,
        comparison=_BELOW,
        missing=aws_cloudwatch.TreatMissingData.BREACHING,
        means="No environment was started ahead of requests for a day, though every day has a peak.",
        first="look at the scaling activities of the alias for the reason that the order failed.",
    )
    return [spillover, absent] if schedule.every_day else [spillover]
