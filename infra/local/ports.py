"""Whether a port can be had, asked before minutes of other work."""

__all__ = ["PortError", "require_free"]

import socket

from function.errors import NightjarError

HOST = "127.0.0.1"


class PortError(NightjarError):
    """A port is taken; the message says what to do."""


def require_free(port: int | None, *, option: str) -> None:
    """Refuse a port that cannot be had.

    Args:
        port: On the loopback interface; None, which means any, is free.
        option: What named it.

    Raises:
        PortError: It is taken, or this person may not listen there.
    """
    if port is None:
        return
    with socket.socket() as probe:
        # As the servers do: the last connections of an earlier one are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            variable = option.lstrip("-").replace("-", "_").upper()
            raise PortError(
                f"port {port} of {HOST} cannot be had ({error.strerror}); give another {option} "
                f"(make: {variable}=), or none for a free one"
            ) from error
