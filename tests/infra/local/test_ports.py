"""A port that is taken is refused before anything else is done."""

import socket

import pytest

from infra.local import serve
from infra.local.ports import PortError, require_free


@pytest.mark.parametrize("option", ["--port", "--console-port"])
def test_a_taken_port_is_named_with_the_way_out(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    """By option and by make's variable; no step has begun."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert serve.main([option, str(port)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"error: port {port} of 127.0.0.1 cannot be had (Address already in use)")
    assert f"{option} (make: {option[2:].replace('-', '_').upper()}=)" in said.err


def test_the_port_of_a_server_that_has_ended_is_free() -> None:
    """Its last connections linger for a minute."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            answered, _ = server.accept()
            answered.close()  # this side closes first, and so waits
    require_free(port, option="--port")


def test_any_port_is_free() -> None:
    """None means one that is."""
    require_free(None, option="--port")


def test_a_port_of_the_system_is_refused() -> None:
    """Unless this person may listen there."""
    try:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 1))
    except OSError:
        with pytest.raises(PortError, match="port 1 of"):
            require_free(1, option="--port")
    else:
        require_free(1, option="--port")
