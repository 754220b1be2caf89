"""Show, without AWS, that what is deployed does what it promises: one command, one stage after the other.

Exit codes: 0 shown; 2 not shown, with the reason on standard error; 130
interrupted.

Example:
    python -m infra.local.prove --bundle build/bundle
"""

__all__ = ["STAGES", "Stage", "main", "parser"]

import argparse
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from function.contract import load_contract
from function.errors import NightjarError
from infra.commandline import parser_of, refuse
from infra.local.deployment import local_deployment
from infra.local.prove import alarm, deployments

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One thing that is shown.

    Attributes:
        name: Which, for ``--only``.
        title: What is shown.
        run: From the bundle's folder to the lines to print; raises :class:`NightjarError` when it fails.
    """

    name: str
    title: str
    run: Callable[[Path], Iterable[str]]


def _alarm(bundle: Path) -> Iterable[str]:
    with local_deployment(bundle=bundle) as deployment:
        moments, bridge = alarm.prove_alarm(deployment, load_contract(bundle / "model"))
    return alarm.shown(moments, bridge)


def _deployments(bundle: Path) -> Iterable[str]:
    return deployments.shown(deployments.prove_deployments(bundle))


STAGES = (
    Stage(name="alarm", title="Traffic → logs → metrics → alarm → subscriber → OK", run=_alarm),
    Stage(name="deployments", title="Deployments under traffic, good and bad ones", run=_deployments),
)
"""In the order in which they are shown."""


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    result = parser_of("infra.local.prove", __doc__)
    result.add_argument(
        "--bundle",
        type=Path,
        default=Path("build/bundle"),
        help="what the function runs (default: %(default)s)",
    )
    names = [stage.name for stage in STAGES]
    result.add_argument("--only", choices=names, help="one stage alone (default: all)")
    return result


def main(argv: "Sequence[str] | None" = None) -> int:
    """Run the stages and print what they show."""
    options = parser().parse_args(argv)
    try:
        for stage in STAGES:
            if options.only in (None, stage.name):
                print(f"\n{stage.title}\n", flush=True)
                for line in stage.run(options.bundle):
                    print(line, flush=True)
    except NightjarError as error:
        refuse(error)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
