"""The connection itself, for faults that no HTTP answer can express."""

import socket
import struct

from flask import Response, request

# Linger for zero seconds: closing sends a reset instead of an orderly end.
RESET = struct.pack("ii", 1, 0)


def cut() -> Response:
    """End the connection without an answer. What is returned here finds nobody to read it."""
    connection = request.environ.get("werkzeug.socket")
    if not isinstance(connection, socket.socket):
        raise ConnectionResetError("the sandbox drops this request")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    connection.shutdown(socket.SHUT_RDWR)
    return Response(status=503)
