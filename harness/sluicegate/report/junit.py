"""The report in JUnit's form, of a run in which nothing ran: one test case that has an error."""

import platform
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from .lanes import legible


def unjudged(document: Mapping[str, Any]) -> str:
    """Return a report as pytest's own plugin would write it, with the verdict as an error."""
    verdict, run = document["verdict"], document["run"]
    suites = Element("testsuites", name="pytest tests")
    counts = {"errors": "1", "failures": "0", "skipped": "0", "tests": "1"}
    when = {"time": f"{run['seconds']:.3f}", "timestamp": run["started"]}
    names = {"name": "pytest", "hostname": platform.node()}
    suite = SubElement(suites, "testsuite", {**names, **counts, **when})
    case = SubElement(suite, "testcase", classname="sluicegate", name="check", time="0.000")
    error = SubElement(case, "error", message=legible(verdict["sentence"]))
    error.text = legible("\n".join([verdict["sentence"], *verdict["reasons"]]))
    return f'<?xml version="1.0" encoding="utf-8"?>{tostring(suites, encoding="unicode")}'
