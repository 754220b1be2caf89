"""``make corpus``: examine every case and write the catalogue."""

__all__ = ["main"]

import argparse
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path

from model_conversion.corpus.cases import Case, cases
from model_conversion.corpus.catalogue import markdown
from model_conversion.corpus.examination import DIFFERS, TIMEOUT_S, Outcome, outcome_of

CATALOGUE = Path(__file__).resolve().parents[1] / "SUPPORT.md"


def main(argv: list[str] | None = None) -> int:
    """Run and return the exit code.

    Args:
        argv: Arguments without the program's name; None means the process's own.
    """
    parser = argparse.ArgumentParser(
        prog="python -m model_conversion.corpus",
        description="Convert and prove every known estimator; write the catalogue of what is supported.",
        epilog="example:\n  python -m model_conversion.corpus --only Forest\n\n"
        "exit codes: 0 done, 1 a case differs or cannot be fitted, 2 usage or bad input, 130 interrupted",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--jobs",
        type=int,
        choices=range(1, 65),
        metavar="N",
        default=2,
        help="cases at once, each in a process of its own (default: %(default)s)",
    )
    parser.add_argument(
        "--only",
        default="",
        help="cases whose name holds this; the catalogue is written if all others are known",
    )
    parser.add_argument("--known", type=Path, help="outcomes by case, JSON: read what is there, add the rest")
    parser.add_argument("--json", action="store_true", help="print the outcomes as JSON at the end")
    parser.add_argument(
        "--again", action="store_true", help="examine known cases too, and replace their outcomes"
    )
    parser.add_argument("--timeout-s", type=float, default=TIMEOUT_S, help="of a case (default: %(default)g)")
    parser.add_argument("--note", default="", help="how this copy was made, a sentence for the catalogue")
    options = parser.parse_args(argv)
    try:
        return _examine(options)
    except (OSError, ValueError, TypeError) as error:
        print(f"error: {options.known or CATALOGUE}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _examine(options: argparse.Namespace) -> int:
    chosen = [case for case in cases() if options.only.lower() in case.name.lower()]
    known = _read(options.known)
    names = {case.name for case in cases()}
    outcomes = {name: found for name, found in known.items() if name in names}
    if not chosen:
        print(
            f"error: no case has {options.only!r} in its name; without --only all are examined",
            file=sys.stderr,
        )
        return 2
    said = sys.stderr if options.json else sys.stdout
    missing = [case for case in chosen if options.again or case.name not in outcomes]
    broken = []
    with ThreadPoolExecutor(options.jobs) as pool:  # threads only wait: the work is in other processes
        for case, found in zip(
            missing, pool.map(partial(_attempt, timeout_s=options.timeout_s), missing), strict=True
        ):
            if isinstance(found, Outcome):
                outcomes[case.name] = found
                print(
                    f"{case.name:<60} {found.verdict} {found.strategy} {found.reason[:100]}",
                    file=said,
                    flush=True,
                )
            else:
                broken.append(found)
                print(f"{case.name:<60} BROKEN {found}", file=said, flush=True)
            if options.known:
                _write(options.known, outcomes)
    if not broken and (not options.only or names <= outcomes.keys()):
        CATALOGUE.write_text(markdown(outcomes, options.note), encoding="utf-8")
        print(f"written: {CATALOGUE}", file=said)
    if options.json:
        asked = {case.name for case in chosen}
        print(
            json.dumps({name: asdict(found) for name, found in outcomes.items() if name in asked}, indent=1)
        )
    differing = [name for name, found in outcomes.items() if found.verdict == DIFFERS]
    for name in differing:
        print(f"error: {name} differs: {outcomes[name].reason}", file=sys.stderr)
    return 1 if differing or broken else 0


def _attempt(case: Case, timeout_s: float) -> Outcome | str:
    try:
        return outcome_of(case, timeout_s=timeout_s)
    except RuntimeError as error:
        return str(error)


def _read(path: Path | None) -> dict[str, Outcome]:
    if path is None or not path.exists():
        return {}
    return {name: Outcome(**found) for name, found in json.loads(path.read_text(encoding="utf-8")).items()}


def _write(path: Path, outcomes: dict[str, Outcome]) -> None:
    path.write_text(
        json.dumps({name: asdict(found) for name, found in outcomes.items()}, indent=1), encoding="utf-8"
    )


if __name__ == "__main__":
    sys.exit(main())
