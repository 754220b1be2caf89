"""What CloudFormation says of a deployed stage, for the commands that act on one."""

__all__ = ["NoStackError", "outputs_of", "stack_of"]

from typing import Any

from function.errors import NightjarError
from infra.config import stack_name_of


class NoStackError(NightjarError):
    """The stage is not deployed in this region; the message is one sentence."""


def stack_of(cloudformation: Any, name: str) -> dict[str, Any]:
    """Return a stack as CloudFormation describes it.

    Args:
        cloudformation: boto3's client, whose region is looked in.
        name: Name of the stack.

    Raises:
        NoStackError: There is none, or none any more.
    """
    from botocore.exceptions import ClientError

    missing = NoStackError(
        f"there is no stack {name} in {cloudformation.meta.region_name}, wanted one that make deploy made; "
        "see STAGE and --region"
    )
    try:
        (found,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        raise missing from None
    if found["StackStatus"] == "DELETE_COMPLETE":
        raise missing
    stack: dict[str, Any] = found
    return stack


def outputs_of(cloudformation: Any, stage: str) -> dict[str, str]:
    """Return output name → value of a stage.

    Raises:
        NoStackError: It is not deployed, or its first deployment failed.
    """
    stack = stack_of(cloudformation, stack_name_of(stage))
    outputs = {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", ())}
    if not outputs:
        raise NoStackError(
            f"stack {stack['StackName']} is {stack['StackStatus']} and has no outputs, wanted a deployed one; "
            "make destroy clears it away"
        )
    return outputs
