"""A plugin of pytest's that lets slow scenarios begin first, so that no worker ends with them."""

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put slow scenarios before the others; each worker has to have the same order."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
