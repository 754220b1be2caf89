"""The hand-written description of a model's features and target: ``schema.toml``.

What the data can tell (observed ranges, categories, an example) is filled in by :mod:`model_conversion.assembly`
where it is left out; what only a person knows stands here: questions, units, whether an answer may be missing,
which answers a person could change.
"""

__all__ = ["Candidate", "FeatureSchema", "Schema", "TargetSchema", "load_schema"]

import tomllib
from dataclasses import MISSING, dataclass, fields
from math import nan
from pathlib import Path
from typing import Any, Literal, get_args

from function.contract import Target, Value
from model_conversion.errors import InputError

KINDS = ("number", "integer", "boolean", "category", "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A what-if to look for evidence for.

    Attributes:
        values: Present answers that it applies to; empty when a range applies.
        low: Smallest present number that it applies to, inclusive.
        high: Largest present number that it applies to, inclusive.
        to: The changed answer.
        text: The sentence to say when the evidence supports it.
    """

    values: tuple[Value, ...] = ()
    low: float | None = None
    high: float | None = None
    to: Value
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSchema:
    """One column of the training data; see :class:`function.contract.Feature` for the meaning.

    ``required`` left out means: unless it is nullable. A missing string is ``null_token`` where the pipeline was
    fitted with a token, or ``null_as`` where it was fitted with NaN (as pandas reads a CSV) or None.
    """

    name: str
    kind: Literal["number", "integer", "boolean", "category", "text"]
    question: str = ""
    unit: str | None = None
    required: bool | None = None
    nullable: bool = False
    null_token: str | None = None
    null_as: Literal["nan", "none"] | None = None
    minimum: float | None = None
    maximum: float | None = None
    categories: tuple[str, ...] = ()
    outside: Literal["reject", "warn"] | None = None
    example: Value = None
    what_ifs: tuple[Candidate, ...] = ()

    @property
    def sent_null(self) -> str | None:
        """What stands for a missing string in the graph: skl2onnx writes NaN and None as their names."""
        return {None: self.null_token, "nan": "nan", "none": "None"}[self.null_as]

    @property
    def fitted_null(self) -> str | float | None:
        """What stands for a missing string in the frame that the estimator was fitted on."""
        return {None: self.null_token, "nan": nan, "none": None}[self.null_as]

    @property
    def textual(self) -> bool:
        """Whether the model sees a string."""
        return self.kind in {"category", "text"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSchema:
    """What the model predicts; see :class:`function.contract.Outputs` for the meaning.

    Attributes:
        column: The data's column with the true answer, for the base rate; None when there is none.
        positive: The class value, not its index.
    """

    column: str | None = None
    question: str = ""
    unit: str | None = None
    positive: int | str | None = None
    better: Literal["higher", "lower"] | None = None
    classes: tuple[Target, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """A whole ``schema.toml``."""

    name: str
    target: TargetSchema
    features: tuple[FeatureSchema, ...]


def load_schema(path: Path) -> Schema:
    """Read a schema.

    Raises:
        InputError: The file is missing, is not TOML, or a key or value in it is wrong.
    """
    raw = load_toml(path)
    _only(raw, {"model", "target", "features"}, path, "the top level")
    model = raw.get("model", {})
    _only(model, {"name"}, path, "[model]")
    name = model.get("name", path.stem)
    if not isinstance(name, str) or not name or not set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-"):
        raise InputError(f"{path}: [model] name is {name!r}, wanted lower-case letters, digits and hyphens")
    target = dict(raw.get("target", {}))
    classes = tuple(_build(Target, item, path, "[target] classes") for item in target.pop("classes", ()))
    target_schema = _build(TargetSchema, target | {"classes": classes}, path, "[target]")
    features = tuple(
        _feature(item, path, number) for number, item in enumerate(raw.get("features", ()), start=1)
    )
    names = [feature.name for feature in features]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated or not features:
        seen = f"features {repeated} twice" if repeated else "no [[features]]"
        raise InputError(f"{path} has {seen}, wanted one [[features]] table a column of the model")
    _check_target(target_schema, path)
    return Schema(name=name, target=target_schema, features=features)


def load_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        InputError: The file is missing or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}; check the path") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not TOML: {error}") from error


def _feature(raw: dict[str, Any], path: Path, number: int) -> FeatureSchema:
    place = f"[[features]] number {number} ({raw.get('name', 'without a name')})"
    what_ifs = tuple(
        _candidate(item, path, f"{place}, [[features.what_ifs]]") for item in raw.get("what_ifs", ())
    )
    categories = tuple(raw.get("categories", ()))
    feature = _build(FeatureSchema, {**raw, "what_ifs": what_ifs, "categories": categories}, path, place)
    if feature.kind not in KINDS:
        raise InputError(f"{path}, {place}: kind is {feature.kind!r}, wanted one of {', '.join(KINDS)}")
    if feature.outside not in {None, "reject", "warn"}:
        raise InputError(f"{path}, {place}: outside is {feature.outside!r}, wanted 'reject' or 'warn'")
    if not all(isinstance(category, str) for category in categories):
        raise InputError(f"{path}, {place}: categories are {list(categories)}, wanted strings")
    if feature.null_as not in {None, "nan", "none"}:
        raise InputError(f"{path}, {place}: null_as is {feature.null_as!r}, wanted 'nan' or 'none'")
    if feature.textual and feature.nullable and (feature.null_token is None) == (feature.null_as is None):
        raise InputError(
            f"{path}, {place}: a nullable {feature.kind} needs either null_token, the string that the pipeline was "
            'fitted with where an answer is missing, or null_as = "nan" or "none" for NaN or None'
        )
    return feature


def _candidate(raw: dict[str, Any], path: Path, place: str) -> Candidate:
    candidate = _build(Candidate, {**raw, "values": tuple(raw.get("values", ()))}, path, place)
    ranged = candidate.low is not None and candidate.high is not None
    if ranged == bool(candidate.values) or (candidate.low is None) != (candidate.high is None):
        raise InputError(f"{path}, {place}: wanted either values = […] or both low and high")
    return candidate


def _check_target(target: TargetSchema, path: Path) -> None:
    if target.better not in {None, "higher", "lower"}:
        raise InputError(f"{path}, [target]: better is {target.better!r}, wanted 'higher' or 'lower'")
    values = [item.value for item in target.classes]
    if target.positive is not None and target.classes and target.positive not in values:
        raise InputError(f"{path}, [target]: positive is {target.positive!r}, wanted one of {values}")


def _build[T](kind: type[T], raw: dict[str, Any], path: Path, place: str) -> T:
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    _only(raw, set(known), path, place)
    missing = [n for n, f in known.items() if f.default is MISSING and n not in raw]
    if missing:
        raise InputError(f"{path}, {place}: {', '.join(missing)} is missing")
    for name, value in raw.items():
        wanted = _scalars(known[name].type)
        if wanted and not isinstance(value, wanted):
            names = " or ".join(item.__name__ for item in wanted)
            raise InputError(f"{path}, {place}: {name} is {value!r}, wanted {names}")
    return kind(**raw)


def _scalars(annotation: Any) -> tuple[type, ...]:
    """Return the scalar types that an annotation admits; empty when it is not a union of scalars."""
    options = get_args(annotation) or (annotation,)
    if not all(option in {str, int, float, bool, type(None)} for option in options):
        return ()
    return (*options, int) if float in options else options


def _only(raw: dict[str, Any], known: set[str], path: Path, place: str) -> None:
    unknown = sorted(set(raw) - known)
    if unknown:
        raise InputError(
            f"{path}, {place}: unknown key {unknown[0]!r}, wanted one of {', '.join(sorted(known))}"
        )
