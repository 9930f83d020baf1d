"""Files of folders and of an object store that speaks S3."""

import gzip
import os
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import duckdb
import openpyxl
import pytest
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from tests.sources.source_room import SourceRoom

from retention.errors import LoadRefusedError
from retention.landing import withdraw

HEADER = "单号,客户,时间,金额\n"
COLUMNS = {"order_id": "单号", "customer_id": "客户", "ordered_at": "时间", "amount": "金额"}


def lines(first: int, last: int, amount: float = 10) -> str:
    return "".join(f"O{at},C{at % 3},2024-01-01 10:00,{amount}\n" for at in range(first, last))


class Drop:
    """A folder that files are dropped in."""

    def __init__(self, room: SourceRoom) -> None:
        self.room, self.folder = room, room.root / "drop"
        self.folder.mkdir()
        self.declare()

    def declare(self, path: str = "*", columns: dict[str, str] | None = None, **keys: Any) -> None:
        entity = {
            "entity": "orders",
            "path": f"{self.folder}/{path}",
            "columns": COLUMNS if columns is None else columns,
        }
        self.room.declare({"name": "drop", "kind": "files", "settle": "0s", "entities": [entity]} | keys)

    def put(self, name: str, content: str | bytes, age: float = 60) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        at = time.time() - age
        os.utime(path, (at, at))
        return path

    def run(self) -> list[dict[str, Any]]:
        """Extract and land."""
        self.room.extract()
        return self.room.land().loads


@pytest.fixture
def drop(room: SourceRoom) -> Drop:
    return Drop(room)


def test_every_form_is_read_by_its_header_and_the_mapping(room: SourceRoom, drop: Drop) -> None:
    drop.put("a.csv", HEADER + lines(0, 3))
    drop.put("b.csv.gz", gzip.compress((HEADER + lines(3, 6)).encode("gb18030")))
    drop.put("c.jsonl", '{"单号": "O6", "客户": "C1", "时间": "2024-01-01", "金额": 10}\n')
    duckdb.sql(
        "copy (select 'O7' as 单号, 'C1' as 客户, timestamp '2024-01-01' as 时间, 10::decimal(9, 2) as 金额) "
        f"to '{drop.folder}/d.parquet'"
    )
    book, sheet = openpyxl.Workbook(), BytesIO()
    for row in (HEADER.strip().split(","), ["O8", "C1", "2024-01-01", 10]):
        book.active.append(row)
    book.save(sheet)
    drop.put("e.xlsx", sheet.getvalue())
    assert len(drop.run()) == 5
    assert [row for (row,) in room.rows("orders", "order_id", "order_id")] == [f"O{at}" for at in range(9)]
    assert {load["source"] for load in room.loads()} == {"drop"}
    assert room.loads()[0]["uri"] == (drop.folder / "a.csv").as_uri()


def test_a_file_is_fetched_once(room: SourceRoom, drop: Drop) -> None:
    drop.put("a.csv", HEADER + lines(0, 3))
    assert len(drop.run()) == 1
    assert room.extract()[0].line == "0 new files, 1 known already, 0 left"
    os.utime(drop.folder / "a.csv", (1, 1))  # touched, not changed
    assert room.extract()[0].line == "0 new files, 1 known already, 0 left"
    (drop.folder / "a.csv").rename(drop.folder / "b.csv")
    assert room.extract()[0].line == "0 new files, 1 known already, 0 left"
    assert room.land().loads == []


def test_a_new_version_of_a_file_is_loaded_also_when_it_goes_back_to_an_old_state(room: SourceRoom, drop: Drop) -> None:
    for amount, age in ((1, 60), (2, 50), (1, 40)):
        drop.put("a.csv", HEADER + lines(0, 1, amount), age)
        drop.run()
    assert [amount for (amount,) in room.rows("orders", "amount::int")] == [1, 2, 1]


def test_a_file_that_is_still_being_written_is_left_for_the_next_run(room: SourceRoom, drop: Drop) -> None:
    drop.put("a.csv", HEADER + lines(0, 3))
    drop.declare(settle="1h")
    [outcome] = room.extract()
    assert outcome.line == "0 new files, 0 known already, 1 left"
    assert any("left for the next run" in line for line in room.lines)
    drop.declare()
    assert len(drop.run()) == 1


def test_a_file_that_grows_while_it_is_fetched_is_left_for_the_next_run(
    room: SourceRoom, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = drop.put("a.csv", HEADER + lines(0, 3))
    source = room.sources()[0].open()
    [found] = source.files(room.sources()[0].feeds["orders"])  # type: ignore[attr-defined]  # it is of kind files
    with path.open("a") as file:
        file.write(lines(3, 6))
    with monkeypatch.context() as patched:
        patched.setattr("retention.sources.files.Files.files", lambda *_: [found])
        [outcome] = room.extract()
    assert outcome.line == "0 new files, 0 known already, 1 left"
    assert any("changed while it was fetched" in line for line in room.lines)
    assert drop.run()[0]["rows_in"] == 6


def test_a_withdrawn_file_is_fetched_and_loaded_again(room: SourceRoom, drop: Drop) -> None:
    drop.put("a.csv", HEADER + lines(0, 3))
    [load] = drop.run()
    withdraw(room.home, load["load_id"])
    assert len(drop.run()) == 1


def test_a_refused_file_is_mended_where_it_stands(room: SourceRoom, drop: Drop) -> None:
    drop.put("a.csv", HEADER.replace("金额", "价格") + lines(0, 3), 60)
    room.extract()
    with pytest.raises(LoadRefusedError, match=r"drop/orders/a\.csv: required column '金额' missing"):
        room.land()
    drop.put("a.csv", HEADER + lines(0, 3), 50)
    assert drop.run()[0]["rows_loaded"] == 3


def test_empty_files_and_other_kinds_are_left(room: SourceRoom, drop: Drop) -> None:
    drop.put("a.csv", HEADER + lines(0, 3))
    drop.put("empty.csv", "")
    drop.put("notes.docx", "x")
    drop.put("only_header.csv", HEADER)
    assert len(drop.run()) == 1
    assert any("notes.docx: files of this kind are not read" in line for line in room.lines)
    assert any("only_header.csv: no rows" in line for line in room.lines)


def test_a_pattern_reaches_into_folders(drop: Drop) -> None:
    drop.put("2024/01/a.csv", HEADER + lines(0, 3))
    drop.put("2024/02/a.csv", HEADER + lines(3, 6))
    drop.declare("**/*.csv")
    assert len(drop.run()) == 2


# --- S3 -----------------------------------------------------------------------------------------------------

KEY, SECRET = "AKIAEXAMPLE", "s3cr3t/+key"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A server of the S3 protocol with a bucket."""
    import boto3  # noqa: PLC0415  # a second that other tests do not need

    monkeypatch.setenv("S3_KEYS", f"{KEY}:{SECRET}")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client(
        "s3", endpoint_url=f"http://{host}:{port}", aws_access_key_id=KEY, aws_secret_access_key=SECRET,
        region_name="us-east-1",
    )  # fmt: skip
    urlopen(Request(f"http://{host}:{port}/moto-api/reset", method="POST"))  # its backend is the process's
    client.create_bucket(Bucket="exports")
    yield client
    server.stop()


def declare_s3(room: SourceRoom, s3: Any) -> None:
    entity = {"entity": "orders", "path": "s3://exports/orders/*.csv.gz", "columns": COLUMNS}
    options = {"endpoint_url": s3.meta.endpoint_url}
    room.declare(
        {
            "name": "lake",
            "kind": "files",
            "settle": "0s",
            "secret": {"env": "S3_KEYS"},
            "options": options,
            "entities": [entity],
        }
    )


def test_objects_of_a_bucket_are_fetched_once_and_again_when_they_change(room: SourceRoom, s3: Any) -> None:
    declare_s3(room, s3)

    def put(name: str, content: str) -> None:
        s3.put_object(Bucket="exports", Key=f"orders/{name}", Body=gzip.compress(content.encode(), mtime=0))

    put("a.csv.gz", HEADER + lines(0, 3))
    put("b.csv.gz", HEADER + lines(3, 6))
    room.extract()
    first, _ = room.land().loads
    assert first["uri"] == "s3://exports/orders/a.csv.gz"
    assert first["version"]
    assert room.extract()[0].line == "0 new files, 2 known already, 0 left"
    put("b.csv.gz", HEADER + lines(3, 6, 20))
    put("c.csv.gz", HEADER + lines(6, 9))
    assert room.extract()[0].line == "2 new files, 1 known already, 0 left"
    room.land()
    assert [amount for (amount,) in room.newest("orders", "amount::int")] == [10] * 3 + [20] * 3 + [10] * 3


def test_a_bucket_is_tested(room: SourceRoom, s3: Any) -> None:
    declare_s3(room, s3)
    s3.put_object(Bucket="exports", Key="orders/a.csv.gz", Body=gzip.compress((HEADER + lines(0, 9)).encode()))
    done = room.run("source", "test", "lake")
    assert done.returncode == 0, done.stderr
    assert "lake answers: files found: 1 of orders" in done.stdout
    assert "O4" in done.stdout
    assert "O5" not in done.stdout
    assert SECRET not in done.stdout + done.stderr
