"""The command line of the conversion.

Exit codes: 0 converted, 1 parity failed, 2 usage or bad input, 3 unsupported.
"""

__all__ = ["main"]

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from model_conversion.errors import ConversionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_conversion.convert import Outcome

EXAMPLE = """\
example:
  python -m model_conversion convert model/sleep.skops --data model/data/yrbss.csv \\
      --schema model/schema.toml --evidence model/evidence.toml --out build/model

exit codes: 0 converted, 1 parity failed (nothing written), 2 usage or bad input, 3 unsupported"""


def main(argv: "Sequence[str] | None" = None) -> int:
    """Run a command and return its exit code.

    Args:
        argv: Arguments without the program's name; None means the process's own.
    """
    options = _parser().parse_args(argv)
    from model_conversion.convert import Request, run  # seconds of imports that --help does not need

    request = Request(
        model=options.model,
        data=options.data,
        schema=options.schema,
        evidence=options.evidence,
        out=options.out,
        trusted=tuple(options.trust),
        precision=options.precision,
    )
    try:
        outcome = run(request, _progress)
    except ConversionError as error:
        _clear()
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    _clear()
    print(json.dumps(outcome.report, indent=1) if options.json else _summary(outcome, options.out))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m model_conversion",
        description="Turn a fitted scikit-learn model into ONNX and prove that it still gives the same answers.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    convert = commands.add_parser(
        "convert",
        help="convert, prove and write model.onnx, contract.json and report.json",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    convert.add_argument("model", type=Path, help="fitted estimator or pipeline, .skops")
    convert.add_argument("--data", type=Path, required=True, help="rows to prove on, CSV with a header")
    convert.add_argument("--schema", type=Path, required=True, help="features and target, TOML")
    convert.add_argument(
        "--evidence", type=Path, help="measured what-ifs, TOML; without it no advice is given"
    )
    convert.add_argument(
        "--out", type=Path, required=True, help="folder to write, new or an earlier artefact's"
    )
    convert.add_argument(
        "--trust",
        action="append",
        default=[],
        metavar="TYPE",
        help="a type that the file may use; repeatable",
    )
    convert.add_argument(
        "--precision",
        default="auto",
        help="auto (the cheapest that passes the proof, the default), float32 or float64",
    )
    convert.add_argument("--json", action="store_true", help="print the report as JSON")
    return parser


def _summary(outcome: "Outcome", folder: Path) -> str:
    model, parity = outcome.contract.model, outcome.contract.parity
    return "\n".join(
        [
            f"{'model':<12}{model.name} {model.version} ({model.task}, {model.size_bytes:,} bytes)",
            f"{'precision':<12}{model.precision}",
            f"{'proved':<12}{parity['rows']:,} rows: "
            + ", ".join(f"{count:,} {source}" for source, count in parity["sources"].items()),
            f"{'':<12}{parity['label_flips']} other classes, {parity['ties']} ties, largest difference "
            f"{parity['max_abs_error']:.1e} (allowed {parity['tolerance']:.1e})",
            f"{'advice':<12}{len(outcome.contract.actionable)} what-ifs that the evidence supports",
            f"{'written':<12}{folder} in {outcome.seconds:.1f} s",
        ]
    )


def _progress(step: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{step} …", end="", file=sys.stderr, flush=True)


def _clear() -> None:
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
