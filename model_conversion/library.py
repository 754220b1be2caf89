"""Where the locked onnxruntime C library is on the converting machine."""

__all__ = ["locked_library"]

from importlib.util import find_spec
from pathlib import Path

from function.ort import LIBRARY_NAME
from model_conversion.errors import InputError


def locked_library() -> Path:
    """Return the C library file of the installed onnxruntime wheel, the one that the bundle ships.

    The wheel is not imported: its Python binding is not what serves.

    Raises:
        InputError: onnxruntime is not installed, or not in the locked version.
    """
    spec = find_spec("onnxruntime")
    folder = (
        Path(spec.submodule_search_locations[0], "capi") if spec and spec.submodule_search_locations else None
    )
    if folder is None or not (folder / LIBRARY_NAME).exists():
        raise InputError(f"the environment lacks onnxruntime's {LIBRARY_NAME}; run uv sync")
    return folder / LIBRARY_NAME
