"""A stage that is not there is one sentence, and one that is gives its outputs."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from infra.deployed import NoStackError, outputs_of, stack_of

REGION = "eu-central-1"


@pytest.fixture
def cloudformation() -> Any:
    """boto3's client, which never leaves this process."""
    return boto3.client(
        "cloudformation", region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x"
    )


def _stack(status: str, *outputs: tuple[str, str]) -> dict[str, Any]:
    about: dict[str, Any] = {"StackName": "Nightjar-dev", "StackStatus": status, "CreationTime": 0}
    if outputs:
        about["Outputs"] = [{"OutputKey": key, "OutputValue": value} for key, value in outputs]
    return {"Stacks": [about]}


def test_outputs_by_name(cloudformation: Any) -> None:
    """As CloudFormation lists them."""
    with Stubber(cloudformation) as stub:
        stub.add_response(
            "describe_stacks", _stack("UPDATE_COMPLETE", ("ApiId", "a")), {"StackName": "Nightjar-dev"}
        )
        assert outputs_of(cloudformation, "dev") == {"ApiId": "a"}


def test_no_stack_names_the_region_and_where_to_look(cloudformation: Any) -> None:
    """CloudFormation's own words for it are an error of validation."""
    with Stubber(cloudformation) as stub:
        stub.add_client_error("describe_stacks", "ValidationError", "Stack with id S does not exist")
        with pytest.raises(NoStackError, match=r"^there is no stack S in eu-central-1, wanted .*--region$"):
            stack_of(cloudformation, "S")


def test_a_deleted_stack_is_none(cloudformation: Any) -> None:
    """CloudFormation goes on describing it for a while."""
    with Stubber(cloudformation) as stub:
        stub.add_response("describe_stacks", _stack("DELETE_COMPLETE"))
        with pytest.raises(NoStackError, match="there is no stack Nightjar-dev"):
            stack_of(cloudformation, "Nightjar-dev")


def test_a_failed_first_deployment_has_no_outputs(cloudformation: Any) -> None:
    """The status says what it is, and the message how to be rid of it."""
    with Stubber(cloudformation) as stub:
        stub.add_response("describe_stacks", _stack("ROLLBACK_COMPLETE"))
        with pytest.raises(NoStackError, match=r"is ROLLBACK_COMPLETE and has no outputs.*make destroy"):
            outputs_of(cloudformation, "dev")


def test_another_error_is_not_called_a_missing_stack(cloudformation: Any) -> None:
    """Missing credentials stay missing credentials."""
    with Stubber(cloudformation) as stub:
        stub.add_client_error("describe_stacks", "AccessDenied", "not authorised")
        with pytest.raises(ClientError, match="not authorised"):
            stack_of(cloudformation, "S")
