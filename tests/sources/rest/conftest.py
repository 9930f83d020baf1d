"""A shop that is read over HTTP, and what its source declares."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.sources.rest.service import KEY, Service, Shop, order, running

from retention.landing.contracts import Contract, load_contracts
from retention.settings import PROJECT_DIR
from retention.sources.extractor import Feed, Page
from retention.sources.rest.declaration import RestSource
from retention.sources.rest.extractor import RestExtractor

COLUMNS = {
    "order_id": "id",
    "customer_id": "buyer.id",
    "ordered_at": "created",
    "amount": "$.total.value",
    "currency": "total.currency",
    "channel": "buyer.tags",
    "updated_at": "updated",
}
PAGINGS: dict[str, dict[str, Any]] = {
    "page": {"kind": "page", "at": {"param": "page"}},
    "offset": {"kind": "offset", "at": {"param": "offset"}, "overlap": 3},
    "token": {"kind": "cursor", "path": "$.paging.next.after", "at": {"param": "after"}},
    "link": {"kind": "next_link"},
    "key": {"kind": "keyset", "key": "id", "at": {"param": "behind"}},
}


@pytest.fixture(scope="session")
def contracts() -> dict[str, Contract]:
    return load_contracts(PROJECT_DIR)


@pytest.fixture
def shop() -> Shop:
    return Shop([order(number) for number in range(1, 36)])


@pytest.fixture
def service(shop: Shop) -> Iterator[Service]:
    with running(shop) as service:
        yield service


def declare(url: str, paging: str = "key", entity: dict[str, Any] | None = None, **source: Any) -> RestSource:
    """The source of the shop, by one of its ways of paging."""
    orders = {
        "entity": "orders",
        "path": f"/{paging}",
        "records": "$.data",
        "pagination": PAGINGS[paging],
        "columns": COLUMNS,
    }
    declared = {
        "name": "shop",
        "kind": "rest",
        "base_url": url,
        "auth": "bearer",
        "secret": {"env": "SHOP_KEY"},
        "requests_per_second": 1000,
        "timeout": "5s",
        "entities": [orders | (entity or {})],
    }
    return RestSource.model_validate(declared | source)


def open_quickly(declared: RestSource, key: str = KEY, clock: Any = None) -> RestExtractor:
    """A source whose pauses between tries take no time."""
    extra = {} if clock is None else {"clock": clock}
    return RestExtractor(declared, key, sleep=lambda _: None, **extra)


def feed_of(declared: RestSource, contracts: dict[str, Contract], at: int = 0) -> Feed:
    entity = declared.entities[at]
    cursor = entity.cursor.column if entity.cursor else None
    return Feed(declared.name, contracts[entity.entity], entity.columns, cursor)


def read_all(extractor: RestExtractor, feed: Feed, since: str | None = None) -> list[Page]:
    return list(extractor.pages(feed, since, None))


def ids(pages: list[Page], column: str = "order_id") -> list[str]:
    return [value for page in pages for value in page.rows.column(column).to_pylist()]
