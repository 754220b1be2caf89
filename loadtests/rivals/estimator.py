"""The same model served by scikit-learn and joblib; log and metrics are the function's."""

import json
import os
from typing import Any

import joblib
import pandas as pd
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

__all__ = ["handler"]

_LOGGER = Logger(service="estimator")
_METRICS = Metrics(namespace="Nightjar", service="estimator")
_ESTIMATOR = joblib.load(os.environ["BENCH_MODEL"])


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Answer rows of named features."""
    frame = pd.DataFrame(json.loads(event["body"])["instances"])
    predict = getattr(_ESTIMATOR, "predict_proba", _ESTIMATOR.predict)
    answers = predict(frame).tolist()
    _LOGGER.info("predicted", rows=len(answers), request_id=context.aws_request_id)
    for answer in answers:
        value = answer[-1] if isinstance(answer, list) else answer
        _METRICS.add_metric(name="PredictionProbability", unit=MetricUnit.NoUnit, value=value)
    _METRICS.flush_metrics()
    return {"statusCode": 200, "body": json.dumps({"predictions": answers})}
