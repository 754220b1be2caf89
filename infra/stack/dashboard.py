"""The one dashboard: is it used, does it fail, what does it predict, is its memory right, does it start quickly."""

__all__ = ["Dashboard"]

from aws_cdk import Duration, Stack, aws_cloudwatch, aws_lambda
from constructs import Construct

from function.contract import Outputs
from function.settings import METRICS_NAMESPACE
from infra.config import StageConfig
from infra.stack.observability import Observability

_PERIOD = Duration.minutes(5)
_WIDTH = 12
_HEIGHT = 7


class Dashboard(Construct):
    """Four graphs, each with a title that a newcomer understands, and units.

    Args:
        scope: The stack.
        id_: Name within the stack.
        config: The stage.
        alias: Whose invocations count; the function's own would include self-tests.
        outputs: What the model answers.
        observability: Metrics of memory and initialisation.

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
        outputs: Outputs,
        observability: Observability,
    ) -> None:
        super().__init__(scope, id_)
        dashboard = aws_cloudwatch.Dashboard(
            self, "Dashboard", dashboard_name=config.stack_name, default_interval=Duration.hours(24)
        )
        dashboard.add_widgets(
            _graph(
                "Invocations and errors",
                "requests per 5 minutes",
                alias.metric_invocations(label="Invocations", statistic="Sum", period=_PERIOD),
                alias.metric_errors(
                    label="Errors", statistic="Sum", period=_PERIOD, color=aws_cloudwatch.Color.RED
                ),
            ),
            _scores(outputs, service=config.service),
        )
        dashboard.add_widgets(
            _graph(
                "Maximum memory used",
                "MB",
                observability.max_memory_used_mb.with_(
                    label="Maximum memory used", statistic="Maximum", period=_PERIOD
                ),
                line=aws_cloudwatch.HorizontalAnnotation(
                    value=config.memory_mb, label="Memory limit", color=aws_cloudwatch.Color.RED
                ),
            ),
            _graph(
                "Initialisation time",
                "ms",
                *_mean_and_maximum(observability.init_on_demand_ms, "On demand (a request waited)"),
                *_mean_and_maximum(observability.init_provisioned_ms, "Provisioned (ahead of requests)"),
            ),
        )
        self.name = dashboard.dashboard_name
        region = Stack.of(self).region
        self.url = (
            f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
            f"#dashboards/dashboards/{self.name}"
        )


def _scores(outputs: Outputs, *, service: str) -> aws_cloudwatch.GraphWidget:
    """Return the graph of what the model answered.

    The metric's two names are the function's (``function.telemetry``), which this side must not import; a
    test compares them.
    """
    if outputs.positive is None:
        name, title, unit, line = (
            "PredictionValue",
            "Predicted value",
            outputs.unit or "value",
            "Mean in training",
        )
    else:
        target = outputs.classes[outputs.positive].name
        name, title = "PredictionProbability", f"Prediction probability: {target}"
        unit, line = "probability", "Base rate in training"
    metric = aws_cloudwatch.Metric(
        namespace=METRICS_NAMESPACE,
        metric_name=name,
        dimensions_map={"service": service},
        period=_PERIOD,
    )
    return _graph(
        title,
        unit,
        metric.with_(label="Mean", statistic="Average"),
        metric.with_(label="Lowest tenth", statistic="p10"),
        metric.with_(label="Highest tenth", statistic="p90"),
        line=None
        if outputs.base_rate is None
        else aws_cloudwatch.HorizontalAnnotation(
            value=outputs.base_rate, label=line, color=aws_cloudwatch.Color.GREY
        ),
        limits=(None, None) if outputs.positive is None else (0, 1),
    )


def _mean_and_maximum(metric: aws_cloudwatch.Metric, label: str) -> list[aws_cloudwatch.IMetric]:
    return [
        metric.with_(label=f"{label}, {name}", statistic=statistic, period=_PERIOD)
        for name, statistic in (("mean", "Average"), ("longest", "Maximum"))
    ]


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
