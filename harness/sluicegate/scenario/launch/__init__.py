"""Instances of the systems that a profile names: started, found ready, reset and stopped."""
