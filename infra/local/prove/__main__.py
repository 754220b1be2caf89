"""Show, without AWS, that what is deployed does what it promises: one command, one stage after the other.

Exit codes: 0 shown; 2 not shown, with the reason on standard error; 130 or 143 stopped.

Example:
    python -m infra.local.prove --bundle build/bundle
"""

__all__ = ["STAGES", "Stage", "main", "parser"]

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from function.contract import load_contract
from function.errors import NightjarError
from infra.commandline import parser_of, refuse
from infra.local.deployment import local_deployment
from infra.local.process import Stopped, stop_on_signals
from infra.local.prove import alarm, deployments

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One thing that is shown.

    Attributes:
        name: Which, for ``--only``.
        title: What is shown.
        run: From the bundle's folder to the lines to print, and the same in plain dicts, lists, strings and
            numbers; raises :class:`NightjarError` when it fails.
    """

    name: str
    title: str
    run: Callable[[Path], tuple[Iterable[str], Any]]


def _alarm(bundle: Path) -> tuple[Iterable[str], Any]:
    with local_deployment(bundle=bundle) as deployment:
        moments, bridge = alarm.prove_alarm(deployment, load_contract(bundle / "model"))
    return alarm.shown(moments, bridge), alarm.as_dict(moments, bridge)


def _deployments(bundle: Path) -> tuple[Iterable[str], Any]:
    attempts = deployments.prove_deployments(bundle)
    return deployments.shown(attempts), [asdict(attempt) for attempt in attempts]


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
    result.add_argument("--json", action="store_true", help="print what was shown as JSON, by stage")
    return result


def main(argv: "Sequence[str] | None" = None) -> int:
    """Run the stages and print what they show."""
    options = parser().parse_args(argv)
    document: dict[str, Any] = {}
    try:
        with stop_on_signals():
            for stage in STAGES:
                if options.only in (None, stage.name):
                    if not options.json:
                        print(f"\n{stage.title}\n", flush=True)
                    lines, document[stage.name] = stage.run(options.bundle)
                    if not options.json:
                        print("\n".join(lines), flush=True)
    except Stopped as stopped:
        return 128 + stopped.signum
    except NightjarError as error:
        refuse(error)
        return 2
    if options.json:
        print(json.dumps(document, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
