"""The options of ``python -m model_conversion``, with an example for each command."""

__all__ = ["parser_of"]

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

CODES = """\
exit codes: 0 done, 1 parity failed (nothing written), 2 usage or bad input, 3 unsupported,
            4 out of time or memory, 130 interrupted"""

CONVERT = """\
example:
  python -m model_conversion convert model/sleep.skops --data model/data/yrbss.csv \\
      --schema model/schema.toml --evidence model/evidence.toml --out build/model"""

VERIFY = """\
example:
  python -m model_conversion verify build/model --model model/sleep.skops \\
      --data model/data/yrbss.csv --schema model/schema.toml"""

SCHEMA = """\
example:
  python -m model_conversion schema --data model/data/yrbss.csv --target sleeps_8_hours --out schema.toml"""

EVIDENCE = """\
example:
  python -m model_conversion evidence model/sleep.skops --data model/data/yrbss.csv \\
      --schema model/schema.toml --out model/evidence.toml"""

INSPECT = """\
example:
  python -m model_conversion inspect build/model"""


def parser_of(**runs: Callable[..., str]) -> argparse.ArgumentParser:
    """Return the parser of all commands.

    Args:
        runs: Command → what runs it; it takes the options, and where these have limits of time and memory also a
            function that is told each step.
    """
    parser = argparse.ArgumentParser(
        prog="python -m model_conversion",
        description="Turn a fitted scikit-learn model into ONNX and prove that it still gives the same answers.",
        epilog=f"{CONVERT}\n\n{CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    convert = _command(
        commands,
        "convert",
        "convert, prove and write model.onnx, contract.json and the report",
        CONVERT,
        runs["convert"],
    )
    convert.add_argument(
        "model",
        type=Path,
        help="fitted estimator: .skops, XGBoost .json or .ubj, LightGBM .txt, .joblib",
    )
    _add_inputs(convert)
    convert.add_argument(
        "--evidence", type=Path, help="measured what-ifs, TOML; without it no advice is given"
    )
    convert.add_argument(
        "--out", type=Path, required=True, help="folder to write, new or an earlier artefact's"
    )
    convert.add_argument(
        "--precision",
        default="auto",
        help="auto (the cheapest that passes the proof, the default), float32 or float64",
    )
    verify = _command(
        commands, "verify", "prove an existing artefact again, perhaps on other data", VERIFY, runs["verify"]
    )
    verify.add_argument("artefact", type=Path, help="folder with model.onnx and contract.json")
    verify.add_argument("--model", type=Path, required=True, help="the estimator that it was converted from")
    _add_inputs(verify)
    schema = _command(
        commands, "schema", "write a first schema.toml from data, to edit", SCHEMA, runs["schema"]
    )
    schema.add_argument("--data", type=Path, required=True, help="CSV with a header, or Parquet")
    schema.add_argument("--target", help="the column with the true answer")
    schema.add_argument("--out", type=Path, help="file to write; without it the schema is printed")
    evidence = _command(
        commands,
        "evidence",
        "measure a schema's what-ifs by bootstrap, for advice",
        EVIDENCE,
        runs["evidence"],
    )
    evidence.add_argument("model", type=Path, help="fitted estimator: .skops, .joblib; it is fitted again")
    _add_inputs(evidence)
    evidence.add_argument("--out", type=Path, required=True, help="evidence.toml, new or an earlier one")
    evidence.add_argument(
        "--resamples", type=int, default=300, help="how often to fit again (default: %(default)s)"
    )
    evidence.add_argument("--seed", type=int, default=0, help="of the resamples (default: %(default)s)")
    evidence.add_argument(
        "--confidence", type=float, default=0.95, help="of the intervals (default: %(default)s)"
    )
    inspect = _command(commands, "inspect", "print a contract as a table", INSPECT, runs["inspect"])
    inspect.add_argument("artefact", type=Path, help="folder with model.onnx and contract.json")
    inspect.add_argument("--json", action="store_true", help="print the contract as JSON")
    return parser


def _command(commands: Any, name: str, about: str, example: str, run: Any) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=about,
        description=about,
        epilog=f"{example}\n\n{CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=run)
    return command


def _add_inputs(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--data", type=Path, required=True, help="rows to prove on, CSV with a header or Parquet"
    )
    command.add_argument(
        "--schema", type=Path, help="features and target, TOML; without it inferred from the data"
    )
    command.add_argument("--target", help="the data's column with the true answer, where there is no schema")
    command.add_argument(
        "--trust",
        action="append",
        default=[],
        metavar="TYPE",
        help="a type that the file may use; repeatable",
    )
    command.add_argument(
        "--trust-pickle",
        action="store_true",
        help="load a pickle, which runs any program in it with your rights",
    )
    command.add_argument(
        "--timeout-s", type=float, default=1800, help="stop after so long (default: %(default)s)"
    )
    command.add_argument(
        "--memory-mb", type=int, default=8000, help="stop at so much memory (default: %(default)s)"
    )
    command.add_argument("--json", action="store_true", help="print the report as JSON")
