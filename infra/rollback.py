"""Go back to the previous version of the function, in seconds and without a build.

The alias is pointed at a retained version, after that version has answered its golden rows again. The other way,
a deployment of the previous bundle, needs that bundle, an image push and minutes. CloudFormation is not told: a
later deployment of the same bundle changes nothing, and one of a new bundle moves the alias on.

Exit codes: 0 rolled back; 2 refused, with one sentence on standard error; 130 interrupted.

Example:
    python -m infra.rollback --stage dev
"""

__all__ = ["RollbackError", "main", "parser", "previous", "roll_back"]

import argparse
import sys
from typing import TYPE_CHECKING, Any

from function.errors import NightjarError
from infra.commandline import parser_of, refuse
from infra.config import ALIAS, STAGES, region_of
from infra.deployed import outputs_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class RollbackError(NightjarError):
    """There is nowhere to go back to; the message is one sentence."""


def previous(versions: "Iterable[str]", current: str) -> str:
    """Return the newest version that is older than ``current``.

    Raises:
        RollbackError: There is none.
    """
    older = [int(version) for version in versions if version.isdigit() and int(version) < int(current)]
    if not older:
        raise RollbackError(f"version {current} is the oldest, wanted one to go back to")
    return str(max(older))


def roll_back(client: Any, *, function: str, to: str | None = None) -> tuple[str, str]:
    """Point the alias at an older version that still answers its golden rows.

    Args:
        client: boto3's, for Lambda.
        function: The function's name.
        to: Which version; None takes the one before the present.

    Returns:
        The version before and after.

    Raises:
        RollbackError: There is no such version, or it fails its self-test; the alias has not moved.
    """
    alias = client.get_alias(FunctionName=function, Name=ALIAS)
    current = alias["FunctionVersion"]
    pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=function)
    every = [item["Version"] for page in pages for item in page["Versions"]]
    versions = [version for version in every if version.isdigit()]  # $LATEST is none to serve
    chosen = previous(versions, current) if to is None else to
    if chosen not in versions:
        raise RollbackError(f"there is no version {chosen}, wanted one of {', '.join(versions)}")
    answer = client.invoke(FunctionName=function, Qualifier=chosen, Payload=b"{}")
    if "FunctionError" in answer:
        raise RollbackError(
            f"version {chosen} fails its self-test: {answer['Payload'].read().decode()[:500]}"
        )
    client.update_alias(
        FunctionName=function,
        Name=ALIAS,
        FunctionVersion=chosen,
        RevisionId=alias["RevisionId"],
        # A move of warm capacity that failed half-way leaves weights, which block every later move.
        # Source: https://github.com/gradientedge/cdk-utils/issues/1110
        RoutingConfig={"AdditionalVersionWeights": {}},
    )
    return current, chosen


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    result = parser_of("infra.rollback", __doc__)
    result.add_argument(
        "--stage", choices=STAGES, default="dev", help="which deployment (default: %(default)s)"
    )
    result.add_argument("--region", help="AWS region (default: the stage's)")
    result.add_argument(
        "--to", metavar="VERSION", help="where to (default: the version before the present one)"
    )
    return result


def main(argv: "Sequence[str] | None" = None) -> int:
    """Roll back as the command line says; see the module for exit codes."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    options = parser().parse_args(argv)
    region = options.region or region_of(options.stage)
    try:
        outputs = outputs_of(boto3.client("cloudformation", region_name=region), options.stage)
        before, after = roll_back(
            boto3.client("lambda", region_name=region), function=outputs["FunctionName"], to=options.to
        )
    except (NightjarError, BotoCoreError, ClientError) as error:
        refuse(error)
        return 2
    except KeyboardInterrupt:
        return 130
    print(f"{ALIAS} of stage {options.stage} went from version {before} to {after}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
