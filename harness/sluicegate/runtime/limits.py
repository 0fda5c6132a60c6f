"""Every wait of the runtime: its name, its default and what it bounds."""

from typing import Final

SIMULATED_TOLERANCE: Final = 0.001
"""Seconds by which an instant on the simulated clock may differ and still count as the same."""

WALL_TOLERANCE: Final = 0.050
"""Seconds by which an instant on the wall clock may differ and still count as the same."""

PROGRESS_LIMIT: Final = 30.0
"""Real seconds that a simulated run may take without its clock moving."""

SIMULATED_LIMIT: Final = 86_400.0
"""Simulated seconds that one run may take: no contract speaks of more than a day."""

WALL_LIMIT: Final = 300.0
"""Real seconds that one run on the wall clock may take; `math.inf` lifts it."""

UNWIND_LIMIT: Final = 2.0
"""Real seconds that a run which was given up gets to end its tasks."""

STALL_GRACE: Final = 0.25
"""Real seconds before "nothing is left to happen" is believed: the kernel may be behind."""

CONNECT_GRACE: Final = 1.2
"""Real seconds that a connecting socket holds the clock.

A listener whose accept queue is full drops the SYN, and the kernel sends it again after one second.
"""

DELIVERY_GRACE: Final = 0.5
"""Real seconds that bytes which have been written and have not arrived hold the clock.

A large body fills the congestion window; the rest waits for an acknowledgement, which the kernel
delays by 40 to 200 ms. A segment that was dropped is sent again after 200 ms. On a busy machine the
kernel hands segments over late. A peer that does not read holds the clock once, not for ever.
"""

HOLD_POLL: Final = 0.25
"""Real seconds between two looks at the watchdog while work in threads holds the clock."""

INTERRUPT_POLL: Final = 0.25
"""Real seconds by which an interrupt from the keyboard may take effect late on the wall clock."""

HEARTBEAT: Final = 0.010
"""Real seconds between two beats that measure how late the wall clock's loop is."""

LAG_LIMIT: Final = 1.0
"""Real seconds by which the harness itself may be late while it can still judge times.

What it is late by is allowed to the system that is judged; this much says nothing any more.
"""

WAITS_REACH: Final = 2.0
"""Real seconds before an instant in which waits for a processor can have held it up."""

WAITS_KEPT: Final = 600.0
"""Real seconds for which waits for a processor are remembered: longer than any exchange."""

WAITS_ALLOWED: Final = 5.0
"""Real seconds by which whoever waits for processes to act prolongs that, as they waited."""

THREADS_POLL: Final = 0.1
"""Real seconds between two looks for new threads of the processes that are watched."""

FAMILY_POLL: Final = 1.0
"""Real seconds between two looks for new processes among those that are watched."""

DEPARTURE_LIMIT: Final = 1.0
"""Seconds, on the loop's clock, that an application gets to notice that its client has gone."""
