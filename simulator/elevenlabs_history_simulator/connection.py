"""A connection that sends headers and a small body at once, and that can be broken for real."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from typing import Any

_LARGE = 64 * 1024
_LINGER = "hh" if os.name == "nt" else "ii"


class Joined:
    """A transport of asyncio that holds small writes until the event loop turns, so that an answer is one packet."""

    def __init__(self, transport: Any) -> None:  # noqa: ANN401 - asyncio's transports
        self._transport = transport
        self._held = b""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the transport has
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send, now or soon."""
        if len(data) >= _LARGE:
            # Joined to what is held, a large piece would be copied.
            self._flush()
            self._transport.write(data)
            return
        if data and not self._held:
            asyncio.get_running_loop().call_soon(self._flush)
        self._held += data

    def close(self) -> None:
        """Send what is held, and end."""
        self._flush()
        self._transport.close()

    def reset(self) -> None:
        """Break the connection with an RST; what the kernel has not sent is lost."""
        connection = self._transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(_LINGER, 1, 0))
        self._held = b""
        self._transport.abort()

    def _flush(self) -> None:
        held, self._held = self._held, b""
        if held and not self._transport.is_closing():
            self._transport.write(held)
