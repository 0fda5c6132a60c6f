"""Writes what a logger is told as lines of JSON."""

import logging
from typing import TextIO

from pythonjsonlogger.json import JsonFormatter


def log_json(name: str, stream: TextIO) -> logging.Handler:
    """Write what the logger of that name is told to a stream, one object of JSON a line.

    Returns the handler, for whoever wants to remove it again.
    """
    handler = logging.StreamHandler(stream)
    # The default makes the time come first; only ASCII is written, so that nothing ends a line.
    formatter = JsonFormatter(
        defaults={"time": None}, timestamp="time", rename_fields={"message": "event"}
    )
    handler.setFormatter(formatter)
    logger = logging.getLogger(name)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    return handler
