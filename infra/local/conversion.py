"""Convert the model when something it depends on has changed, and never serve a damaged artefact.

A record beside the artefact holds the hash of every input and every output of the last conversion. Inputs that
differ mean work to do; outputs that differ while the inputs do not mean damage, which a person must know of.

Infrastructure does not import conversion: it is run as the command that a person would run.

Exit codes: 0 converted, or unchanged; 1 the conversion failed; 2 an input is missing or an output is damaged; 130
or 143 stopped.

Example:
    python -m infra.local.conversion --always
"""

__all__ = ["Conversion", "ConversionError", "add_arguments", "from_options", "main"]

import argparse
import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from function.errors import NightjarError
from infra.commandline import parser_of, refuse
from infra.files import write_whole
from infra.local.emulator import scratch_folder
from infra.local.process import ChildError, Stopped, run, stop_on_signals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

MODEL = Path("model/sleep.skops")
DATA = Path("model/data/yrbss.csv")
SCHEMA = Path("model/schema.toml")
EVIDENCE = Path("model/evidence.toml")
"""What belongs to :data:`MODEL`, and to no other."""

SOURCES = (
    "model_conversion/**/*.py",
    *(f"function/{name}.py" for name in ("contract", "encoding", "errors", "ort", "predictor")),
    "uv.lock",
)
"""What decides the artefact besides the person's files: the converter, what parity is proved through, the
locked libraries."""


class ConversionError(NightjarError):
    """The conversion cannot start, or its output cannot be served; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """One conversion: its inputs and its output.

    Attributes:
        model: Estimator, in any format that conversion reads.
        data: Training data, CSV or Parquet.
        schema: Features, by hand; None lets conversion infer them from the data.
        target: Column of the true answer, where there is no schema.
        trust: Types of a ``.skops`` file that may be loaded although skops does not know them.
        trust_pickle: Whether a pickle may be loaded, which runs any program in it.
        evidence: Supported what-ifs, by training; None for a model that gives no advice.
        out: Folder of the artefact.
        root: The repository.
    """

    model: Path
    data: Path
    schema: Path | None
    evidence: Path | None
    out: Path
    target: str | None = None
    trust: tuple[str, ...] = ()
    trust_pickle: bool = False
    root: Path = Path()

    @property
    def record(self) -> Path:
        """File with the hashes of the last conversion; outside the artefact, which is replaced as a whole."""
        return self.out.with_name(f"{self.out.name}.hashes.json")

    @property
    def command(self) -> list[str]:
        """What a person would run."""
        arguments = [str(self.model)]
        for name in ("data", "schema", "target", "evidence", "out"):
            if (value := getattr(self, name)) is not None:
                arguments += [f"--{name}", str(value)]
        for item in self.trust:
            arguments += ["--trust", item]
        if self.trust_pickle:
            arguments.append("--trust-pickle")
        return [sys.executable, "-m", "model_conversion", "convert", *arguments]

    def is_needed(self) -> bool:
        """Tell whether the artefact must be made.

        Raises:
            ConversionError: An input is missing, or the artefact is damaged.
        """
        inputs = self._inputs()
        if not (self.record.exists() and self.out.is_dir()):
            return True
        recorded = json.loads(self.record.read_text())
        if recorded["inputs"] != inputs:
            return True
        if damage := list(_differences(recorded["outputs"], self._outputs())):
            raise ConversionError(
                f"{self.out} is damaged: {'; '.join(damage)}; its inputs are unchanged, so remove it and convert "
                f"again: rm -r {self.out}, then make convert"
            )
        return False

    def convert(self, *, scratch: Path, run: "Callable[..., str]" = run) -> str:
        """Make the artefact and record its hashes.

        Args:
            scratch: Folder for temporary files.
            run: Runs a command, as :func:`infra.local.process.run` does.

        Returns:
            What the conversion wrote on its standard output.

        Raises:
            ChildError: The conversion failed.
        """
        inputs = self._inputs()
        self.record.unlink(missing_ok=True)  # whatever happens now, the old hashes describe nothing
        said = run("conversion", self.command, scratch=scratch)
        text = json.dumps({"inputs": inputs, "outputs": self._outputs()}, indent=2)
        write_whole(self.record, text + "\n")
        return said

    def _inputs(self) -> dict[str, str]:
        given = [path for path in (self.model, self.data, self.schema, self.evidence) if path is not None]
        for path in given:
            if not path.is_file():
                raise ConversionError(
                    f"{path} is missing; train the model, or name another with --help's options"
                )
        sources = [path for pattern in SOURCES for path in self.root.glob(pattern)]
        return {**_hashes(given + sources), "command": " ".join(self.command[1:])}

    def _outputs(self) -> dict[str, str]:
        # The reports hold timings, which differ each time; they are for people and nothing is served from them.
        found = (path for path in self.out.rglob("*") if path.is_file())
        return _hashes(path for path in found if path.stem != "report")


def _hashes(paths: "Iterable[Path]") -> dict[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(paths)}


def _differences(recorded: dict[str, str], seen: dict[str, str]) -> "Iterable[str]":
    for path in sorted(recorded.keys() | seen.keys()):
        if path not in seen:
            yield f"{path} is missing, wanted SHA-256 {recorded[path]}"
        elif path not in recorded:
            yield f"{path} does not belong there (SHA-256 {seen[path]})"
        elif recorded[path] != seen[path]:
            yield f"{path} has SHA-256 {seen[path]}, wanted {recorded[path]}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that name inputs and output; :func:`from_options` reads them."""
    parser.add_argument("--model", type=Path, default=MODEL, help="fitted estimator (default: %(default)s)")
    for name, default, text in (
        ("data", DATA, "rows to prove on, CSV or Parquet"),
        ("schema", SCHEMA, "features; without it inferred from the data"),
        ("evidence", EVIDENCE, "what-ifs for advice"),
    ):
        parser.add_argument(
            f"--{name}", type=Path, help=f"{text} (default: {default} for {MODEL}, none for another model)"
        )
    parser.add_argument("--target", help="the data's column with the true answer, where there is no schema")
    parser.add_argument(
        "--trust",
        action="append",
        default=[],
        metavar="TYPE",
        help="a type that the model file may use; repeatable",
    )
    parser.add_argument(
        "--trust-pickle",
        action="store_true",
        help="load a pickle, which runs any program in it with your rights",
    )
    parser.add_argument(
        "--build", type=Path, default=Path("build"), help="folder for what is made (default: %(default)s)"
    )


def from_options(options: argparse.Namespace) -> Conversion:
    """Return the conversion that a command line names.

    Raises:
        ConversionError: Another model than the example is named without its data.
    """
    own = options.model == MODEL
    data = options.data or (DATA if own else None)
    if data is None:
        raise ConversionError(f"{options.model} has no data to be proved on; give --data (make: DATA=)")
    return Conversion(
        model=options.model,
        data=data,
        # With a target the person wants what the data itself says.
        schema=options.schema or (SCHEMA if own and options.target is None else None),
        evidence=options.evidence or (EVIDENCE if own else None),
        out=options.build / "model",
        target=options.target,
        trust=tuple(options.trust),
        trust_pickle=options.trust_pickle,
    )


def main(argv: "Sequence[str] | None" = None) -> int:
    """Convert as the command line says; see the module for exit codes."""
    parser = parser_of("infra.local.conversion", __doc__)
    add_arguments(parser)
    parser.add_argument("--always", action="store_true", help="even when nothing has changed")
    options = parser.parse_args(argv)
    try:
        conversion = from_options(options)
        with stop_on_signals(), scratch_folder() as scratch:
            if options.always or conversion.is_needed():
                print(conversion.convert(scratch=scratch), end="")
            else:
                print(f"{conversion.out} is unchanged")
    except ConversionError as error:
        refuse(error)
        return 2
    except ChildError as error:
        refuse(error)
        return 1
    except Stopped as stopped:
        return 128 + stopped.signum
    return 0


if __name__ == "__main__":
    sys.exit(main())
