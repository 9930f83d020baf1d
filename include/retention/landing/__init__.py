"""Landing: files read by their contracts into immutable raw Parquet, with every row accounted for."""

from retention.landing.contracts import Column, Contract, load_contracts
from retention.landing.ledger import committed_loads, event_range, raw_relation_sql, withdraw
from retention.landing.load import LandingReport, land

__all__ = [
    "Column",
    "Contract",
    "LandingReport",
    "committed_loads",
    "event_range",
    "land",
    "load_contracts",
    "raw_relation_sql",
    "withdraw",
]
