"""The catalogue of sentences: by subject, with examples and uses; to print, search and browse."""

from .entries import Catalogue, Entry, Subject, Use, Value, catalogue
from .page import page_of
from .search import search

__all__ = ["Catalogue", "Entry", "Subject", "Use", "Value", "catalogue", "page_of", "search"]
