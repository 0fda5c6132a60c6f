"""Time and servers: the simulated and the wall clock, and Hypercorn on a pre-bound socket."""
