"""Landing: files read by their contracts into immutable raw Parquet, with every row accounted for."""

from retention.landing.contracts import Column, Contract, load_contracts
from retention.landing.deliveries import Delivery
from retention.landing.ledger import (
    committed_loads,
    event_range,
    loads_known_by,
    raw_relation_sql,
    repeated_key_files,
    withdraw,
)
from retention.landing.load import LandingReport, land, land_one

__all__ = [
    "Column",
    "Contract",
    "Delivery",
    "LandingReport",
    "committed_loads",
    "event_range",
    "land",
    "land_one",
    "load_contracts",
    "loads_known_by",
    "raw_relation_sql",
    "repeated_key_files",
    "withdraw",
]
