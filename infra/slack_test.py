"""Send a message the way alarms go, to see that it reaches Slack.

Plain text to the topic would be dropped without a word, so the message has the custom-notification schema.
Source: https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html

Exit codes: 0 published; 2 refused, with one sentence on standard error; 130 interrupted.

Example:
    python -m infra.slack_test --stage dev
"""

__all__ = ["main", "message", "parser"]

import argparse
import json
import sys
from typing import TYPE_CHECKING

from function.errors import NightjarError
from infra.commandline import parser_of, refuse
from infra.config import STAGES, region_of
from infra.deployed import outputs_of

if TYPE_CHECKING:
    from collections.abc import Sequence


def message(stage: str) -> str:
    """Return the text that Slack shows."""
    content = {
        "textType": "client-markdown",
        "title": f"Nightjar {stage}: test message",
        "description": "Alarms of this stage arrive here. Nothing is wrong.",
    }
    return json.dumps({"version": "1.0", "source": "custom", "content": content})


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    result = parser_of("infra.slack_test", __doc__)
    result.add_argument(
        "--stage", choices=STAGES, default="dev", help="which deployment (default: %(default)s)"
    )
    result.add_argument("--region", help="AWS region (default: the stage's)")
    return result


def main(argv: "Sequence[str] | None" = None) -> int:
    """Publish as the command line says; see the module for exit codes."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    options = parser().parse_args(argv)
    region = options.region or region_of(options.stage)
    try:
        topic = outputs_of(boto3.client("cloudformation", region_name=region), options.stage)["TopicArn"]
        boto3.client("sns", region_name=region).publish(TopicArn=topic, Message=message(options.stage))
    except (NightjarError, BotoCoreError, ClientError) as error:
        refuse(error)
        return 2
    except KeyboardInterrupt:
        return 130
    print(f"published to {topic}; without a message in Slack see docs/operations.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
