"""What the kernel still has to do for TCP sockets, which no selector shows (Linux only)."""

import asyncio
import fcntl
import os
import socket
import struct
from array import array
from collections.abc import Iterable, Iterator
from typing import Final

TCP_SYN_SENT: Final = 2
"""The state of a socket that is connecting: tcp(7), TCP_INFO."""

SIOCOUTQ: Final = 0x5411
"""The request for the number of bytes not yet acknowledged: tcp(7)."""

# What is read of struct tcp_info (linux/tcp.h).
BYTES_RECEIVED: Final = struct.Struct("=128xQ")
NOTSENT_BYTES: Final = struct.Struct("=144xI")
BYTES_SENT_AND_RETRANSMITTED: Final = struct.Struct("=200xQQ")
TCP_INFO_SIZE: Final = 216


def is_connecting(fd: int) -> bool:
    """Say whether a socket has asked for a connection and has had no answer."""
    try:
        with socket.socket(fileno=os.dup(fd)) as duplicate:
            info = duplicate.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
    except OSError:  # no TCP socket
        return False
    return info[0] == TCP_SYN_SENT


def undelivered(transports: Iterable[asyncio.Transport]) -> Iterator[tuple[int, int]]:
    """Yield each descriptor of a transport whose bytes have not all arrived, and how many.

    They wait for room in the kernel, or to be sent, or have been sent and not yet received by the
    other end, if that is one of the transports.
    """
    everyone = list(transports)
    for transport in everyone:
        fd: int = transport.get_extra_info("socket").fileno()
        # Nearly all bytes have been acknowledged, and this is the quickest way to see it.
        if _unacknowledged(fd) and (missing := _missing(transport, everyone)):
            yield fd, missing


def _unacknowledged(fd: int) -> int:
    count = array("i", [0])
    try:
        fcntl.ioctl(fd, SIOCOUTQ, count)
    except (OSError, ValueError):  # no TCP socket, or closed
        return 0
    return count[0]


def _missing(transport: asyncio.Transport, everyone: list[asyncio.Transport]) -> int:
    info = _tcp_info(transport)
    (unsent,) = NOTSENT_BYTES.unpack_from(info)
    sent, retransmitted = BYTES_SENT_AND_RETRANSMITTED.unpack_from(info)
    received = _received_from(transport, everyone)
    under_way = 0 if received is None else max(0, sent - retransmitted - received)
    return int(transport.get_write_buffer_size() + unsent + under_way)


def _received_from(transport: asyncio.Transport, everyone: list[asyncio.Transport]) -> int | None:
    ends = transport.get_extra_info("sockname"), transport.get_extra_info("peername")
    for other in everyone:
        if (other.get_extra_info("peername"), other.get_extra_info("sockname")) == ends:
            (received,) = BYTES_RECEIVED.unpack_from(_tcp_info(other))
            return int(received)
    return None


def _tcp_info(transport: asyncio.Transport) -> bytes:
    end: socket.socket = transport.get_extra_info("socket")
    try:
        info = end.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_SIZE)
    except OSError:  # closed
        info = b""
    return info.ljust(TCP_INFO_SIZE, b"\0")
