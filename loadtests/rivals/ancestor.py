"""The usual way: a pandas frame, a boto3 client for the metric, xgboost.

The call to CloudWatch is left out, because nothing is reachable; it would take longer than the rest.
"""

import json
import os
from typing import Any

import boto3
import pandas as pd
import xgboost

__all__ = ["handler"]

_CLOUDWATCH = boto3.client("cloudwatch", region_name="eu-central-1")
_BOOSTER = xgboost.Booster(model_file=os.environ["BENCH_MODEL"])


def handler(event: Any, _context: Any) -> dict[str, Any]:
    """Answer rows of named features."""
    frame = pd.DataFrame(json.loads(event["body"])["instances"])
    for name in frame.columns:
        if not pd.api.types.is_numeric_dtype(frame[name]):
            frame[name] = pd.Categorical(frame[name]).codes
    answers = _BOOSTER.predict(xgboost.DMatrix(frame.astype(float))).tolist()
    print(json.dumps({"message": "predicted", "rows": len(answers)}))
    return {"statusCode": 200, "body": json.dumps({"predictions": answers})}
