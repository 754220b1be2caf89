"""Delete a stage so that nothing of it goes on costing money, and list what remains with its cost.

Warm capacity is given back first: a stack that is deleted while it is allocated may leave it allocated, at its
price. CloudFormation itself is asked to delete, not the CDK's command line, which would synthesise first and so
need the bundle and the context of the deployment.

Exit codes: 0 deleted; 2 refused or failed, with one sentence on standard error; 130 interrupted.

Example:
    python -m infra.teardown --stage dev
"""

__all__ = ["TeardownError", "give_back_capacity", "main", "parser", "resources_of", "tear_down"]

import argparse
import json
import sys
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from function.errors import NightjarError
from infra.commandline import parser_of, refuse
from infra.config import STAGES, region_of, stack_name_of
from infra.deployed import stack_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
_ATTEMPTS, _DELAY_S = 180, 10
"""Half an hour at most: a key, a dashboard and a function are gone in two minutes."""


class TeardownError(NightjarError):
    """The stage is still there; the message is one sentence."""


def resources_of(cloudformation: Any, stack: str) -> dict[str, list[str]]:
    """Return resource type → physical ids of a stack.

    Raises:
        NoStackError: There is no such stack.
    """
    stack_of(cloudformation, stack)
    found: dict[str, list[str]] = {}
    for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack):
        for item in page["StackResourceSummaries"]:
            found.setdefault(item["ResourceType"], []).append(item.get("PhysicalResourceId", ""))
    return found


def give_back_capacity(client: "Callable[[str], Any]", resources: "Mapping[str, Sequence[str]]") -> list[str]:
    """Take all warm capacity away and keep the schedule from ordering any again.

    Args:
        client: From a service's name to its boto3 client.
        resources: Resource type → physical ids of the stack.

    Returns:
        ARN of each alias that had some.
    """
    for target in resources.get(_TARGET, ()):
        resource, dimension, namespace = target.split("|")
        everything = {
            "DynamicScalingInSuspended": True,
            "DynamicScalingOutSuspended": True,
            "ScheduledScalingSuspended": True,
        }
        client("application-autoscaling").register_scalable_target(
            ServiceNamespace=namespace,
            ResourceId=resource,
            ScalableDimension=dimension,
            MinCapacity=0,
            MaxCapacity=0,
            SuspendedState=everything,
        )
    given_back = []
    functions = client("lambda")
    for arn in resources.get("AWS::Lambda::Alias", ()):
        function, _, alias = arn.rpartition(":")
        with suppress(functions.exceptions.ProvisionedConcurrencyConfigNotFoundException):
            functions.get_provisioned_concurrency_config(FunctionName=function, Qualifier=alias)
            functions.delete_provisioned_concurrency_config(FunctionName=function, Qualifier=alias)
            given_back.append(arn)
    return given_back


def tear_down(client: "Callable[[str], Any]", stack: str, *, delay_s: float = _DELAY_S) -> list[str]:
    """Give back capacity and delete the stack.

    Args:
        client: From a service's name to its boto3 client.
        stack: Name of the stack.
        delay_s: How often CloudFormation is asked whether it is done.

    Returns:
        Ids of the stack's encryption keys, which AWS deletes a week later.

    Raises:
        NoStackError: There is no such stack.
        TeardownError: It could not be deleted.
    """
    from botocore.exceptions import WaiterError

    cloudformation = client("cloudformation")
    resources = resources_of(cloudformation, stack)
    for name in give_back_capacity(client, resources):
        print(f"gave back the warm capacity of {name}", file=sys.stderr)
    print(f"deleting {stack} …", file=sys.stderr, flush=True)
    cloudformation.delete_stack(StackName=stack)
    try:
        cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=stack, WaiterConfig={"Delay": delay_s, "MaxAttempts": _ATTEMPTS}
        )
    except WaiterError as error:
        raise TeardownError(f"{stack} was not deleted, see its events in CloudFormation: {error}") from None
    return list(resources.get("AWS::KMS::Key", ()))


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    result = parser_of("infra.teardown", __doc__)
    result.add_argument("--stage", choices=STAGES, required=True, help="which deployment")
    result.add_argument("--region", help="AWS region (default: the stage's)")
    result.add_argument("--force", action="store_true", help="do not ask")
    result.add_argument("--json", action="store_true", help="print what remains as JSON")
    return result


def main(argv: "Sequence[str] | None" = None) -> int:
    """Delete as the command line says; see the module for exit codes."""
    try:
        return _run(parser().parse_args(argv))
    except KeyboardInterrupt:
        return 130


def _run(options: argparse.Namespace) -> int:
    stack = stack_name_of(options.stage)
    region = options.region or region_of(options.stage)
    if not options.force and not _agreed(stack, region):
        refuse(f"{stack} was not deleted, wanted its name or --force")
        return 2
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    from infra.prices import nearest_prices
    from infra.remains import remains, table

    def client(service: str) -> Any:
        return boto3.client(service, region_name=region)

    try:
        keys = tear_down(client, stack)
    except (NightjarError, BotoCoreError, ClientError) as error:
        refuse(error)
        return 2
    prices = nearest_prices(region)
    found = remains(client, stack=stack, keys=keys, prices=prices)
    if options.json:
        print(json.dumps([asdict(item) for item in found]))
    else:
        print(f"{stack} is deleted. What remains:")
        print(table(found))
        print(f"List prices of {prices.region}, {prices.date}, without tax.")
    return 0


def _agreed(stack: str, region: str) -> bool:
    try:
        return input(f"This deletes {stack} in {region}. Type its name to go on: ").strip() == stack
    except EOFError:
        print()
        return False


if __name__ == "__main__":
    sys.exit(main())
