"""What Lambda calls: everything slow happens once, at import; then one event at a time.

An HTTP event is answered; any other invocation runs the self-test, which is how a deployment proves a new
version before traffic reaches it.

The order of things here is for the sake of the cold start; ``docs/decisions.md`` has what each saves.
"""

from time import perf_counter

_STARTED = perf_counter()  # before the imports, which are most of what it measures

import gc  # noqa: E402

gc.disable()  # what is created at start stays for good, so that looking through it would free nothing

import os  # noqa: E402
import sys  # noqa: E402
from contextlib import suppress  # noqa: E402
from importlib.machinery import PathFinder  # noqa: E402
from importlib.util import LazyLoader  # noqa: E402
from threading import Thread  # noqa: E402
from typing import TYPE_CHECKING, Any  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from importlib.machinery import ModuleSpec
    from pathlib import Path
    from types import ModuleType

    from function.routes import Response

__all__ = ["handler"]

DEFERRED = frozenset(
    {"ast", "aws_lambda_powertools.utilities.jmespath_utils", "ntpath", "random", "tokenize"}
)
"""Modules that Powertools and ``inspect`` import at start and that serving never uses."""


class _Deferrer:
    """Finds the deferred modules; each is loaded when something of it is first used, and then is as ever."""

    @staticmethod
    def find_spec(
        name: str, path: "Sequence[str] | None" = None, target: "ModuleType | None" = None
    ) -> "ModuleSpec | None":
        if name not in DEFERRED:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec


def _warm_up(library: "Path") -> None:
    """Have onnxruntime set itself up: it is refused a model, and keeps what was slow to make."""
    with suppress(RuntimeLibraryError):  # if something is wrong, loading the model says so
        Session(library, b"").close()


sys.meta_path.insert(0, _Deferrer)
try:
    from function.errors import RuntimeLibraryError
    from function.ort import LIBRARY_NAME, Session
    from function.settings import Settings

    _SETTINGS = Settings.from_env(os.environ)
    # The library's own set-up leaves the interpreter free to import the rest meanwhile.
    _WARMING = Thread(target=_warm_up, args=(_SETTINGS.library_path / LIBRARY_NAME,))
    _WARMING.start()
    try:
        from function.service import Service
    finally:
        _WARMING.join()
finally:
    sys.meta_path.remove(_Deferrer)

_SERVICE = Service(_SETTINGS, _STARTED)
gc.freeze()
gc.enable()


def handler(event: "Mapping[str, Any]", context: Any) -> "Response":
    """Lambda's entry point; see :meth:`function.service.Service.handle`."""
    return _SERVICE.handle(event, context.aws_request_id)
