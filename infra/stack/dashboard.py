"""The one dashboard: the brief's four graphs first, then what explains them."""

__all__ = ["Dashboard"]

from aws_cdk import Duration, Stack, aws_apigatewayv2, aws_cloudwatch, aws_lambda
from constructs import Construct

from function.contract import Contract
from infra.config import StageConfig
from infra.prices import nearest_prices
from infra.stack.drift import Drift
from infra.stack.observability import Observability

_PERIOD = Duration.minutes(5)
_WIDTH = 12
_HEIGHT = 7
_RED, _GREY = aws_cloudwatch.Color.RED, aws_cloudwatch.Color.GREY
_PROMISE_MS = 10_000


class Dashboard(Construct):
    """Graphs with titles that a newcomer understands, and units.

    Args:
        scope: The stack.
        id_: Name within the stack.
        config: The stage.
        alias: Whose invocations count; the function's own would include self-tests.
        http_api: Whose answers count.
        contract: What the model answers.
        observability: Metrics of memory, initialisation and scores.
        drift: Metric of the scores' distribution.

    Attributes:
        name: The dashboard's name.
        url: Where a browser shows it.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: StageConfig,
        alias: aws_lambda.Alias,
        http_api: aws_apigatewayv2.HttpApi,
        contract: Contract,
        observability: Observability,
        drift: Drift,
    ) -> None:
        super().__init__(scope, id_)
        dashboard = aws_cloudwatch.Dashboard(
            self, "Dashboard", dashboard_name=config.stack_name, default_interval=Duration.hours(24)
        )
        graphs = [
            *_brief(config, alias, contract, observability),
            *_requests(alias, http_api),
            *_starts(alias, observability),
            _drift(config, drift),
            _cost(config, alias, http_api),
        ]
        for at in range(0, len(graphs), 2):
            dashboard.add_widgets(*graphs[at : at + 2])
        self.name = dashboard.dashboard_name
        region = Stack.of(self).region
        self.url = (
            f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
            f"#dashboards/dashboards/{self.name}"
        )


def _brief(
    config: StageConfig, alias: aws_lambda.Alias, contract: Contract, observability: Observability
) -> list[aws_cloudwatch.GraphWidget]:
    return [
        _graph(
            "Invocations and errors",
            "requests per 5 minutes",
            alias.metric_invocations(label="Invocations", statistic="Sum", period=_PERIOD),
            alias.metric_errors(label="Errors", statistic="Sum", period=_PERIOD, color=_RED),
        ),
        _scores(contract, observability.score.with_(period=_PERIOD)),
        _graph(
            "Maximum memory used",
            "MB",
            observability.max_memory_used_mb.with_(
                label="Maximum memory used", statistic="Maximum", period=_PERIOD
            ),
            line=_line(config.memory_mb, "Memory limit", _RED),
        ),
        _graph(
            "Initialisation time",
            "ms",
            *_mean_and_maximum(observability.init_on_demand_ms, "On demand (a request waited)"),
            *_mean_and_maximum(observability.init_provisioned_ms, "Provisioned (ahead of requests)"),
        ),
    ]


def _scores(contract: Contract, score: aws_cloudwatch.Metric) -> aws_cloudwatch.GraphWidget:
    """Return the graph of what the model answered."""
    outputs = contract.outputs
    limits: tuple[float | None, float | None] = (None, None)
    line: str | None = "Mean in training"
    watched = "the answered class"
    if outputs.classes and outputs.positive is not None:
        watched = outputs.classes[outputs.positive].name
    match contract.model.task:
        case "classification":
            title, unit, limits = f"Prediction probability: {watched}", "probability", (0, 1)
            line = "Base rate in training"
        case "decision":
            # A share of rows has no place on an axis of decision values.
            title, unit, line = f"Decision value: {watched}", "decision value (above 0: this class)", None
        case "regression":
            title, unit = "Predicted value", outputs.unit or "value"
        case "outlier":
            title, unit = "How usual a row is: the model's own score", "score (below 0: outlier)"
        case _:
            title, unit = "Distance to the nearest cluster", "distance"
    return _graph(
        title,
        unit,
        score.with_(label="Mean", statistic="Average"),
        score.with_(label="Lowest tenth", statistic="p10"),
        score.with_(label="Highest tenth", statistic="p90"),
        line=None if outputs.base_rate is None or line is None else _line(outputs.base_rate, line, _GREY),
        limits=limits,
    )


def _requests(
    alias: aws_lambda.Alias, http_api: aws_apigatewayv2.HttpApi
) -> list[aws_cloudwatch.GraphWidget]:
    latency = http_api.metric_latency(period=_PERIOD)
    return [
        _graph(
            "How long callers wait, against the promised 10 s",
            "ms",
            *(
                latency.with_(label=label, statistic=statistic)
                for label, statistic in (("Half", "p50"), ("90 of 100", "p90"), ("99 of 100", "p99"))
            ),
            line=_line(_PROMISE_MS, "Promise", _RED),
        ),
        _graph(
            "Refused and failed requests",
            "requests per 5 minutes",
            http_api.metric_client_error(label="Refused (4xx)", statistic="Sum", period=_PERIOD),
            http_api.metric_server_error(label="Failed (5xx)", statistic="Sum", period=_PERIOD, color=_RED),
            alias.metric_throttles(label="Throttled by Lambda", statistic="Sum", period=_PERIOD),
        ),
    ]


def _starts(alias: aws_lambda.Alias, observability: Observability) -> list[aws_cloudwatch.GraphWidget]:
    utilization = alias.metric(
        "ProvisionedConcurrencyUtilization",
        label="Share of warm capacity in use, %",
        statistic="Maximum",
        period=_PERIOD,
    )
    share = aws_cloudwatch.MathExpression(
        expression="100 * cold / total",
        label="Requests that waited for a start",
        using_metrics={
            "cold": observability.init_on_demand_ms.with_(statistic="SampleCount", period=Duration.hours(1)),
            "total": alias.metric_invocations(statistic="Sum", period=Duration.hours(1)),
        },
        period=Duration.hours(1),
    )
    return [
        _graph(
            "Simultaneous requests and warm capacity",
            "requests",
            *(
                alias.metric(name, label=label, statistic=statistic, period=_PERIOD)
                for name, label, statistic in (
                    ("ConcurrentExecutions", "Simultaneous requests", "Maximum"),
                    ("ProvisionedConcurrentExecutions", "of them on warm capacity", "Maximum"),
                    ("ProvisionedConcurrencySpilloverInvocations", "Beyond warm capacity", "Sum"),
                )
            ),
        ),
        _graph("Warm capacity in use", "share (1 = all)", utilization.with_(label="In use"), limits=(0, 1)),
        _graph("Cold starts", "% of requests per hour", share, limits=(0, 100)),
    ]


def _drift(config: StageConfig, drift: Drift) -> aws_cloudwatch.GraphWidget:
    return _graph(
        "Drift: how far a day's scores are from training",
        "population stability index",
        drift.index.with_(label="Drift"),
        line=_line(config.drift_alarm_psi, "Alarm", _RED),
    )


def _cost(
    config: StageConfig, alias: aws_lambda.Alias, http_api: aws_apigatewayv2.HttpApi
) -> aws_cloudwatch.GraphWidget:
    """Return what use costs; warm capacity that waits and fixed items are on the bill alone."""
    hour = Duration.hours(1)
    gb = config.memory_mb / 1024
    prices = nearest_prices(config.region)
    per_ms = gb * prices.functions.gb_s[config.architecture] / 1000
    # No exponent: in a metric expression 8e-09 is a name.
    call, answer = (f"{price:.10f}" for price in (prices.functions.request, prices.http_api.request))
    expression = f"calls * {call} + busy * {per_ms:.15f} + answers * {answer}"
    cost = aws_cloudwatch.MathExpression(
        expression=expression,
        label=f"Lambda and API requests at list prices of {prices.region}",
        using_metrics={
            "calls": alias.metric_invocations(statistic="Sum", period=hour),
            "busy": alias.metric_duration(statistic="Sum", period=hour),
            "answers": http_api.metric_count(statistic="Sum", period=hour),
        },
        period=hour,
    )
    return _graph("Estimated cost of use", "USD per hour", cost)


def _mean_and_maximum(metric: aws_cloudwatch.Metric, label: str) -> list[aws_cloudwatch.IMetric]:
    return [
        metric.with_(label=f"{label}, {name}", statistic=statistic, period=_PERIOD)
        for name, statistic in (("mean", "Average"), ("longest", "Maximum"))
    ]


def _line(value: float, label: str, color: str) -> aws_cloudwatch.HorizontalAnnotation:
    return aws_cloudwatch.HorizontalAnnotation(value=value, label=label, color=color)


def _graph(
    title: str,
    unit: str,
    *metrics: aws_cloudwatch.IMetric,
    line: aws_cloudwatch.HorizontalAnnotation | None = None,
    limits: tuple[float | None, float | None] = (0, None),
) -> aws_cloudwatch.GraphWidget:
    return aws_cloudwatch.GraphWidget(
        title=title,
        left=list(metrics),
        left_annotations=[line] if line else None,
        left_y_axis=aws_cloudwatch.YAxisProps(label=unit, min=limits[0], max=limits[1], show_units=False),
        width=_WIDTH,
        height=_HEIGHT,
        stacked=False,
    )
