"""The shipped vocabulary: a bridge to the folder that holds the step modules."""

from sluicegate import shipped

__path__ = list(dict.fromkeys([*__path__, str(shipped.STEPS)]))
