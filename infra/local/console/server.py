"""Serve the console beside the API, on loopback alone, for the length of a block."""

__all__ = ["ConsoleError", "serving"]

import logging
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from werkzeug.serving import make_server

from function.errors import NightjarError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import flask

HOST = "127.0.0.1"


class ConsoleError(NightjarError):
    """The console cannot listen."""


@contextmanager
def serving(app: "flask.Flask", *, port: int | None = None) -> "Iterator[str]":
    """Serve an application in threads.

    Args:
        app: What to serve.
        port: Where to listen on 127.0.0.1; None takes a free one.

    Yields:
        Its address, with a slash at the end.

    Raises:
        ConsoleError: The port is taken.
    """
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each poll would bury what matters
    try:
        server = make_server(HOST, port or 0, app, threaded=True)
    except (OSError, SystemExit) as error:
        raise ConsoleError(
            f"port {port} of {HOST} is taken or not allowed; give another --console-port, or none"
        ) from error
    thread = threading.Thread(target=server.serve_forever, name="console", daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
