"""Rows from services that speak JSON over HTTP, by what `sources.yml` declares of them."""

from retention.sources.rest.declaration import RestSource
from retention.sources.rest.extractor import open_rest

__all__ = ["RestSource", "open_rest"]
