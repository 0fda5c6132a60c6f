"""Every wait of starting and stopping an instance, in seconds on the clock."""

from typing import Final

PROBE_EVERY: Final = 0.05
"""Between two questions whether an instance is ready: another process sets no event."""

PROBE_LIMIT: Final = 2.0
"""For the answer to one of them."""

RESET_LIMIT: Final = 10.0
"""For the answer to the request that resets an instance, and to the first one of a fresh one."""

STOP_LIMIT: Final = 5.0
"""For a process that was told to end, before it is killed."""

STRAGGLER_LIMIT: Final = 1.0
"""For the rest of its group once it has ended: a wrapper may end before what it wraps."""

DEATH_LIMIT: Final = 5.0
"""For what was killed, to be gone."""
