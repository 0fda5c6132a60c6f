# What the processor does: which cores there are, and who has had how much of them (Linux only).
import os
import resource
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TICK = 1 / os.sysconf("SC_CLK_TCK")


@cache
def cores() -> tuple[int, int]:
    """Return the core of the servers and that of the client; the same one if there is no other."""
    available = sorted(os.sched_getaffinity(0))
    return available[0], available[-1]


def cpu_seconds(pid: int) -> tuple[float, float]:
    """Return what a process and its children have had so far: outside and inside of the kernel."""
    user, system = zip(*map(_cpu, _family(pid)), strict=True)
    return sum(user), sum(system)


def _cpu(pid: int) -> tuple[float, float]:
    # proc(5): the name, in brackets, may hold spaces; utime, stime, cutime and cstime.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system, childrens_user, childrens_system = map(int, fields[11:15])
    return (user + childrens_user) * TICK, (system + childrens_system) * TICK


def _family(pid: int) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from _family(int(child))


@dataclass(frozen=True, slots=True)
class Meter:
    """Processor seconds so far: of all programs, of this one and what it has started, and idle."""

    busy: float
    own: float
    idle: float

    @classmethod
    def read(cls) -> "Meter":
        # proc(5): user, nice, system, idle, iowait, ...; the last two are parts of the first two.
        fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
        times = [int(field) * TICK for field in fields]
        idle = times[3] + times[4]
        usage = [
            resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        ]
        own = sum(each.ru_utime + each.ru_stime for each in usage)
        return cls(sum(times) - idle, own, idle)

    def others(self, since: "Meter") -> float:
        """Return the share of all cores that other programs have had since then."""
        busy, idle = self.busy - since.busy, self.idle - since.idle
        return (busy - (self.own - since.own)) / (busy + idle)
