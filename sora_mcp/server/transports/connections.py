"""Limits on connections: a request that does not come is given up, and strangers never take the descriptors that the store needs.

uvicorn limits neither the time of a request's head nor that of its body (looked at with 0.54 on 2026-11-29).
"""

from __future__ import annotations

import sys
from asyncio import BaseTransport, TimerHandle, Transport
from functools import cache
from socket import IPPROTO_TCP, TCP_NODELAY
from typing import cast

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

HEAD_S = 5.0
"""Seconds until a request's head has to be there, from the connection's begin or the last answer's end."""
BODY_S = 30.0
"""Seconds until a request's body has to be there, from its head's end."""
MOST_CONNECTIONS = 2000
SHARE = 3
"""One descriptor in so many may be a connection. The others are for the store, files, vendors and connections just accepted or closed."""
FULL = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nretry-after: 1\r\nconnection: close\r\n\r\n"


@cache
def limit_connections() -> int:
    """Return how many connections this process may hold at once."""
    if sys.platform == "win32":
        return 512
    import resource

    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CONNECTIONS if descriptors == resource.RLIM_INFINITY else max(8, min(MOST_CONNECTIONS, descriptors // SHARE))


def limit_accepted() -> int:
    """Return how many connections may be accepted in one turn of the event loop, before one of them can be closed."""
    return min(100, max(1, limit_connections() // 4))


class LimitedProtocol(H11Protocol):
    """uvicorn's protocol with a deadline for each request. Where all places are taken, the connection that waits longest for a request
    makes room: a client that sends its request at once is always served."""

    _waiting_since: float | None = None
    """When the wait for a head or a body began; None while a request is being answered."""
    _in_body = False
    _timer: TimerHandle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        """Accept the connection, and close another one or this one where there are too many."""
        super().connection_made(cast(Transport, transport))
        # asyncio does this only for sockets that name their protocol, as none of `socket.create_server` does: without it the body of each
        # answer waits for the acknowledgement of its head, which many clients hold back for 40 ms
        transport.get_extra_info("socket").setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        if len(self.connections) > limit_connections() and not self._make_room():
            self.transport.write(FULL)
            self.transport.close()
            return
        self._wait(HEAD_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadline."""
        self._stop_waiting()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Handle what has come, and set the deadline of what has not."""
        super().handle_events()
        self._watch()

    def on_response_complete(self) -> None:
        """Wait for the next request. The rest of one that was answered too early has to come in the same time."""
        super().on_response_complete()
        self._watch()

    def _watch(self) -> None:
        """Start a deadline where a head or a body begins to be waited for, and end it where a request is complete."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if cycle is None or cycle.response_complete:
            if self._waiting_since is None or self._in_body:
                self._wait(HEAD_S)
        elif not cycle.more_body:
            self._stop_waiting()
        elif not self._in_body:
            self._wait(BODY_S, in_body=True)

    def _wait(self, seconds: float, *, in_body: bool = False) -> None:
        self._stop_waiting()
        self._waiting_since, self._in_body = self.loop.time(), in_body
        self._timer = self.loop.call_later(seconds, self.transport.abort)

    def _stop_waiting(self) -> None:
        self._waiting_since, self._in_body = None, False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _is_answering(self) -> bool:
        return cast("RequestResponseCycle | None", self.cycle) is not None

    def _make_room(self) -> bool:
        """Close the connection that waits longest for its first request, else for any; False where all are being answered."""
        others = [other for other in cast("set[object]", self.connections) if isinstance(other, LimitedProtocol) and other is not self]
        waiting = [(other._is_answering(), since, other) for other in others if (since := other._waiting_since) is not None]
        if not waiting:
            return False
        _, _, oldest = min(waiting, key=lambda found: found[:2])
        oldest._stop_waiting()
        self.connections.discard(oldest)
        oldest.transport.abort()
        return True
