"""What Lambda calls: everything slow happens once, at import; then one event at a time.

An HTTP event is answered; any other invocation runs the self-test, which is how a deployment proves a new
version before traffic reaches it.
"""

from time import perf_counter

_STARTED = perf_counter()  # before the imports, which are most of what it measures

import os  # noqa: E402
from typing import TYPE_CHECKING, Any  # noqa: E402

from function.service import Service  # noqa: E402
from function.settings import Settings  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Mapping

    from function.routes import Response

__all__ = ["handler"]

_SERVICE = Service(Settings.from_env(os.environ), _STARTED)


def handler(event: "Mapping[str, Any]", context: Any) -> "Response":
    """Lambda's entry point; see :meth:`function.service.Service.handle`."""
    return _SERVICE.handle(event, context.aws_request_id)
