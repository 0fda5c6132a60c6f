"""The judge: each check passes in silence or raises ViolationError with the wire beside it."""
