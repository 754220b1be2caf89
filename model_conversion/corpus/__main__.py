"""``make corpus``: examine every case, write the catalogue; exit code 1 if a case differs or cannot be fitted."""

import argparse
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from model_conversion.corpus.cases import Case, cases
from model_conversion.corpus.catalogue import markdown
from model_conversion.corpus.examination import DIFFERS, Outcome, outcome_of

CATALOGUE = Path(__file__).resolve().parents[1] / "SUPPORT.md"


def main(argv: list[str] | None = None) -> int:
    """Run and return the exit code.

    Args:
        argv: Arguments without the program's name; None means the process's own.
    """
    parser = argparse.ArgumentParser(
        prog="python -m model_conversion.corpus",
        description="Convert and prove every known estimator; write the catalogue of what is supported.",
        epilog="example: python -m model_conversion.corpus --only Forest",
    )
    parser.add_argument("--jobs", type=int, default=2, help="cases at once, each in a process of its own")
    parser.add_argument(
        "--only", default="", help="cases whose name holds this; the catalogue is not written"
    )
    parser.add_argument("--known", type=Path, help="outcomes by case, JSON: read what is there, add the rest")
    options = parser.parse_args(argv)
    chosen = [case for case in cases() if options.only.lower() in case.name.lower()]
    known = _read(options.known)
    outcomes = {case.name: known[case.name] for case in chosen if case.name in known}
    missing = [case for case in chosen if case.name not in outcomes]
    broken = []
    with ThreadPoolExecutor(options.jobs) as pool:  # threads only wait: the work is in other processes
        for case, found in zip(missing, pool.map(_attempt, missing), strict=True):
            if isinstance(found, Outcome):
                outcomes[case.name] = found
                print(f"{case.name:<60} {found.verdict} {found.strategy} {found.reason[:100]}", flush=True)
            else:
                broken.append(found)
                print(f"{case.name:<60} BROKEN {found}", flush=True)
            if options.known:
                _write(options.known, outcomes)
    if not options.only and not broken:
        CATALOGUE.write_text(markdown(outcomes), encoding="utf-8")
        print(f"written: {CATALOGUE}")
    differing = [name for name, found in outcomes.items() if found.verdict == DIFFERS]
    for name in differing:
        print(f"error: {name} differs: {outcomes[name].reason}", file=sys.stderr)
    return 1 if differing or broken else 0


def _attempt(case: Case) -> Outcome | str:
    try:
        return outcome_of(case)
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
