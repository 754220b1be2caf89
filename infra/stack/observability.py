"""Where every log line goes, and the metrics that are read from Lambda's own lines.

Lambda writes one ``platform.report`` line per invocation. Metric filters on it cost three metrics;
Lambda Insights, the usual way to memory and initialisation figures, costs eight, an extension in the image and
10 to 20 ms per invocation.
"""

__all__ = ["Observability"]

from typing import cast

from aws_cdk import RemovalPolicy, aws_cloudwatch, aws_logs
from constructs import Construct

from function.contract import Contract
from function.settings import METRICS_NAMESPACE, score_metric
from infra.config import StageConfig


class Observability(Construct):
    """One log group for the function, Lambda and the gateway, and metrics of memory and initialisation.

    Args:
        scope: The stack.
        id_: Name within the stack.
        config: The stage; a metric filter cannot carry the service as a dimension, so the stage is in the
            namespace.
        contract: What the model answers.

    Attributes:
        log_group: Where all lines go.
        max_memory_used_mb: Largest memory used by an invocation, MB.
        init_on_demand_ms: Time an environment needed to start because of a request, ms.
        init_provisioned_ms: Time an environment needed to start ahead of requests, ms.
        score: What the model answered: the positive class's probability, or the value.
    """

    def __init__(self, scope: Construct, id_: str, *, config: StageConfig, contract: Contract) -> None:
        super().__init__(scope, id_)
        self.log_group = aws_logs.LogGroup(
            self,
            "Logs",
            removal_policy=RemovalPolicy.RETAIN if config.keep_logs else RemovalPolicy.DESTROY,
        )
        # The enumeration that the construct wants has names for days; the resource takes the days themselves.
        resource = cast("aws_logs.CfnLogGroup", self.log_group.node.default_child)
        resource.retention_in_days = config.log_retention_days
        self._namespace = f"{METRICS_NAMESPACE}/{config.stage}"
        report = aws_logs.FilterPattern.string_value("$.type", "=", "platform.report")
        self.max_memory_used_mb = self._metric(
            "MaxMemoryUsed",
            value="$.record.metrics.maxMemoryUsedMB",
            where=report,
            unit=aws_cloudwatch.Unit.MEGABYTES,
        )
        self.init_on_demand_ms = self._metric(
            "InitOnDemand",
            value="$.record.metrics.initDurationMs",
            where=aws_logs.FilterPattern.all(
                report, aws_logs.FilterPattern.number_value("$.record.metrics.initDurationMs", ">=", 0)
            ),
            unit=aws_cloudwatch.Unit.MILLISECONDS,
        )
        self.init_provisioned_ms = self._metric(
            "InitProvisioned",
            value="$.record.metrics.durationMs",
            where=aws_logs.FilterPattern.all(
                aws_logs.FilterPattern.string_value("$.type", "=", "platform.initReport"),
                aws_logs.FilterPattern.string_value(
                    "$.record.initializationType", "=", "provisioned-concurrency"
                ),
            ),
            unit=aws_cloudwatch.Unit.MILLISECONDS,
        )

        self.score = aws_cloudwatch.Metric(
            namespace=METRICS_NAMESPACE,
            metric_name=score_metric(contract.model.task),
            dimensions_map={"service": config.service},
        )
        for name, text in _queries(contract).items():
            aws_logs.CfnQueryDefinition(
                self,
                name.title().replace(" ", ""),
                name=f"{config.service}/{name}",
                log_group_names=[self.log_group.log_group_name],
                query_string=text,
            )

    def _metric(
        self, name: str, *, value: str, where: aws_logs.JsonPattern, unit: aws_cloudwatch.Unit
    ) -> aws_cloudwatch.Metric:
        metric_filter = aws_logs.MetricFilter(
            self,
            name,
            log_group=self.log_group,
            metric_namespace=self._namespace,
            metric_name=name,
            filter_pattern=where,
            metric_value=value,
            unit=unit,
        )
        return metric_filter.metric()


def _queries(contract: Contract) -> dict[str, str]:
    """Return title → text of the saved Logs Insights queries."""
    mix = ", ".join(
        f"sum(`classes.{target.name}`) as c{at}" for at, target in enumerate(contract.outputs.classes)
    )
    return {
        "class mix": f'filter message = "predicted" | stats {mix or "sum(rows) as answered"} by bin(1h)',
        "input problems": 'filter message = "refused" | stats count(*), sum(problems) by title, status, bin(1h)',
        "slowest requests": (
            "filter ispresent(total_ms) | sort total_ms desc | limit 20 "
            "| display @timestamp, total_ms, infer_ms, cold, operation, rows, request_id"
        ),
        "errors": (
            'filter level = "ERROR" or status >= 500 or type = "platform.runtimeDone" and record.status != "success" '
            "| sort @timestamp desc | limit 50"
        ),
    }
