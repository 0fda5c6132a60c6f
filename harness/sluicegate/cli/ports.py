"""The ports on which a gateway expects its agents: who else listens there."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from sluicegate.runtime.processes import serving
from sluicegate.scenario.profile import Profile, System


def taken(profile: Profile) -> Iterator[str]:
    """Yield a sentence for each port that the harness cannot listen on, with who does."""
    if "provider" in profile.systems:
        return
    for kind, system in profile.systems.items():
        for port, agent in _expected(system).items():
            if trouble := _trouble(port):
                yield f"port {port}, on which the {kind} expects {agent}, {trouble}"


def _expected(system: System) -> dict[int, str]:
    tables = (system.places, *system.needing.values())
    places = (place for table in tables for place in table.values())
    return {port: agent for place in places for agent, port in place.ports.items()}


def _trouble(port: int) -> str:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        holder = _holder(port)
        what = f"is taken by {holder}" if holder else f"cannot be listened on: {_said(error)}"
        which = "it" if holder else "what does (`ss -ltnp` run by root shows it)"
        return f"{what}; stop {which}, or correct the ports of the agents"
    return ""


def _said(error: OSError) -> str:
    # asyncio and socket add the address to what the system says.
    return (error.strerror or str(error)).partition(" (while")[0]


def _holder(port: int) -> str:
    """Return the program that listens on a port, "" where nobody may see it."""
    pids = sorted(serving(port))
    return f"{_program(pids[0])}, process {pids[0]}" if pids else ""


def _program(pid: int) -> str:
    # Not its arguments: there may be secrets among them.
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text(errors="replace").strip()
    return "another program"
