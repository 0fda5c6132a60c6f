"""The reference gateway: routing, fallback and a circuit breaker in front of agents."""
