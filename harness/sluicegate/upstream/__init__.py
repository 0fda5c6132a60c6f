"""Clients of a provider: requests in its wire format, and its answers as deltas."""
