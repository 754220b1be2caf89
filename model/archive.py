"""Write a fitted estimator as a skops file whose bytes depend on the estimator and on skops alone.

skops names objects and arrays by their memory address and stamps entries with the time of day, so that two
files with the same model differ. A model in version control should change only when the model changes.
"""

__all__ = ["dump_estimator", "write_whole"]

import io
import json
import re
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import skops.io

_SCHEMA = "schema.json"
_ARRAY = re.compile(r"(\d+)\.npy")


def dump_estimator(estimator: Any) -> bytes:
    """Return the skops file of an estimator, with addresses numbered by appearance and no times.

    Raises:
        ValueError: skops wrote an entry of a kind that cannot be renamed safely.
    """
    original = ZipFile(io.BytesIO(skops.io.dumps(estimator)))
    numbers: dict[int, int] = {}
    schema = _renumber(json.loads(original.read(_SCHEMA)), numbers)
    entries = {_SCHEMA: json.dumps(schema, indent=1).encode()}
    for name in original.namelist():
        if name == _SCHEMA:
            continue
        array = _ARRAY.fullmatch(name)
        if array is None or int(array[1]) not in numbers:
            raise ValueError(f"skops wrote {name!r}, wanted an array that {_SCHEMA} names; adapt {__name__}")
        entries[f"{numbers[int(array[1])]}.npy"] = original.read(name)
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as archive:
        for name in sorted(entries):
            archive.writestr(ZipInfo(name), entries[name], compress_type=ZIP_DEFLATED)
    return buffer.getvalue()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        OSError: The folder cannot be written.
    """
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(content)
            file.flush()
            temporary.chmod(0o644)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def _renumber(node: Any, numbers: dict[int, int]) -> Any:
    """Replace each memory address in skops' schema by the order in which it appears."""
    if isinstance(node, list):
        return [_renumber(item, numbers) for item in node]
    if not isinstance(node, dict):
        return node
    renumbered: dict[str, Any] = {}
    for key, value in node.items():
        if key == "__id__":
            renumbered[key] = numbers.setdefault(value, len(numbers))
        elif key == "file" and (array := _ARRAY.fullmatch(str(value))):
            renumbered[key] = f"{numbers.setdefault(int(array[1]), len(numbers))}.npy"
        else:
            renumbered[key] = _renumber(value, numbers)
    return renumbered
