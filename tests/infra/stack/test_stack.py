"""The stack as a whole: outputs, and what it must not contain."""

from typing import Any


def test_outputs_say_where_things_are(prod: Any) -> None:
    """Names that scripts and people use."""
    assert {"ApiId", "ApiUrl", "DashboardName", "DashboardUrl", "FunctionName", "LogGroupName"} == set(
        prod.find_outputs("*")
    )


def test_stages_have_the_same_resources(prod: Any, local: Any) -> None:
    """What is tried locally is what is deployed; only the packaging differs."""
    types = [
        sorted(item["Type"] for item in template.to_json()["Resources"].values())
        for template in (prod, local)
    ]
    assert types[0] == types[1]
