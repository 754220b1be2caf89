"""What a request costs, for the dashboard's estimate.

Source: list prices of eu-central-1, in USD, aws.amazon.com/lambda/pricing and /api-gateway/pricing, 2026-11.
"""

__all__ = ["API_REQUEST", "LAMBDA_GB_S", "LAMBDA_REQUEST"]

LAMBDA_GB_S = {"x86_64": 0.0000166667, "arm64": 0.0000133334}
LAMBDA_REQUEST = "0.0000002"
API_REQUEST = "0.0000012"
"""Texts, as they stand in a metric expression."""
