"""By the command line: a service over HTTP, tested, extracted, killed, extracted on, landed."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from tests.sources.rest.conftest import COLUMNS
from tests.sources.rest.service import KEY, Asked, Reply, Service, Shop, order, running

RETENTION = str(Path(sys.executable).with_name("retention"))
pytestmark = pytest.mark.slow


@pytest.fixture
def slow_shop(shop: Shop) -> Iterator[tuple[Service, Shop]]:
    """A shop of 600 orders that takes its time."""
    shop.rows = [order(number) for number in range(1, 601)]

    def respond(asked: Asked) -> Reply:
        reply = shop(asked)
        return Reply(reply.content, reply.status, reply.headers, delay=0.02)

    with running(respond) as service:
        yield service, shop


class Home:
    """A home whose one source is the shop."""

    def __init__(self, folder: Path, url: str, paging: str) -> None:
        places = {
            "key": {"kind": "keyset", "key": "id", "at": {"param": "behind"}},
            "offset": {"kind": "offset"},
            "page": {"kind": "page"},
        }
        orders = {
            "entity": "orders",
            "path": f"/{paging}",
            "records": "$.data",
            "pagination": places[paging],
            "columns": COLUMNS,
            "constants": {"status": "completed"},
            "cursor": {"column": "updated"},
            "since": {"param": "updated_from"},
        }
        declared = {
            "name": "shop", "kind": "rest", "base_url": url, "auth": "bearer", "secret": {"env": "SHOP_KEY"},
            "requests_per_second": 1000, "tries": 2, "entities": [orders],
        }  # fmt: skip
        self.folder = folder
        (folder / "sources.yml").write_text(json.dumps({"sources": [declared]}), encoding="utf-8")
        self.environment = os.environ | {
            "SHOP_KEY": KEY,
            "RETENTION_HOME": str(folder / "home"),
            "RETENTION_SOURCES": str(folder / "sources.yml"),
            "COLUMNS": "200",
        }

    def start(self, *command: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [RETENTION, *command], env=self.environment, cwd=self.folder, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def run(self, *command: str, expected: int = 0) -> str:
        process = self.start(*command)
        said, _ = process.communicate(timeout=120)
        assert process.returncode == expected, said
        return said

    def landed(self) -> list[tuple[str, str]]:
        """Order and amount of every landed row, the last load of an order standing last."""
        with duckdb.connect() as connection:
            files = f"{self.folder}/home/raw/orders/*/part.parquet"
            return connection.execute(
                f"select order_id, amount::varchar from read_parquet('{files}') order by order_id, _load_seq"
            ).fetchall()


def test_a_service_is_tested_extracted_and_landed(slow_shop: tuple[Service, Shop], tmp_path: Path) -> None:
    service, shop = slow_shop
    home = Home(tmp_path, service.url, "key")
    said = home.run("source", "test", "shop")
    assert "answered /key" in said
    assert "O00001" in said
    home.run("extract", "shop")
    home.run("load")
    assert home.landed() == [(row["id"], f"{row['total']['value']:.2f}") for row in shop.rows]
    shop.rows[4] |= {"total": {"value": 7, "currency": "CNY"}, "updated": "2026-03-09T00:00:00.000Z"}
    asked = len(service.asked)
    home.run("extract", "shop")
    home.run("load")
    assert ("O00005", "7.00") in home.landed()
    assert "updated_from" in service.asked[asked].params


@pytest.mark.parametrize("paging", ["key", "offset", "page"])
def test_an_extract_that_is_killed_again_and_again_neither_loses_nor_doubles_a_row(
    slow_shop: tuple[Service, Shop], tmp_path: Path, paging: str
) -> None:
    service, shop = slow_shop
    home = Home(tmp_path, service.url, paging)
    dice = random.Random(paging)  # noqa: S311  # no secret hangs on it
    for _ in range(3):
        process = home.start("extract", "shop")
        asked = len(service.asked)
        while len(service.asked) < asked + dice.randrange(3, 12) and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
    home.run("extract", "shop")
    home.run("load")
    assert [row[0] for row in home.landed()] == [row["id"] for row in shop.rows]


@pytest.mark.parametrize("status", [401, 500])
def test_no_byte_of_the_key_is_left_anywhere_when_a_service_fails(tmp_path: Path, status: int) -> None:
    with running(lambda asked: Reply({"told": asked.headers}, status)) as service:
        home = Home(tmp_path, service.url, "key")
        said = home.run("extract", "shop", expected=9)
    assert str(status) in said
    assert KEY not in said
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
