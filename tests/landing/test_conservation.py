"""Whatever a file holds, each of its rows is loaded, a duplicate or quarantined, once."""

import csv
import io
import tempfile
from pathlib import Path

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.landing.landing_room import Room

HEADER = ["order_id", "customer_id", "ordered_at", "amount", "status", "note"]

values = st.one_of(
    st.sampled_from(
        ["", " ", "O1", "O2", "2024-01-01", "12.50", "completed", "lost", "nan", "华东", 'say "hi"', "a,b"]
    ),
    st.text(alphabet="ab,;\"'\n\r\t 0华\\", max_size=8),
)
sound_rows = st.tuples(
    st.sampled_from(["O1", "O2", "O3"]), st.just("C1"), st.just("2024-01-01"), st.sampled_from(["1", "2"]),
    st.sampled_from(["completed", ""]), values,
)  # fmt: skip
rows = st.one_of(sound_rows, st.tuples(*[values] * len(HEADER)))
# Lines that no writer made: short, long, with stray quotes or bytes that are no text.
torn_lines = st.sampled_from(
    [b"a", b"a,b,c,d,e,f,g,h", b'"O1"x,C1,2024-01-01,1,completed,', b'O1,"C1,2024-01-01,1,,', b"\xff,b,c,d,e,f", b'"']
)


def written(row: tuple[str, ...]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(row)  # so that it quotes a carriage return, too
    return line.getvalue().encode().removesuffix(b"\r\n")


def parquet_rows(room: Room, kind: str) -> int:
    files = list(room.home.raw.glob(f"orders/load=*/{kind}.parquet"))
    return sum(len(duckdb.sql(f"from '{file}'").fetchall()) for file in files)


@given(st.lists(rows, min_size=1, max_size=40), st.sampled_from([b"\n", b"\r\n"]))
@settings(max_examples=40, deadline=None)
def test_every_row_of_a_well_formed_file_is_accounted_for(table: list[tuple[str, ...]], end: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        room = Room(Path(folder))
        room.allow_bad_rows(1)
        room.put("orders/o.csv", end.join(map(written, [tuple(HEADER), *table])))
        room.land()
        manifest = room.manifest()
        loaded, quarantined = parquet_rows(room, "part"), parquet_rows(room, "quarantine")
        assert manifest["rows_in"] == len(table)
        assert (manifest["rows_loaded"], manifest["rows_quarantined"]) == (loaded, quarantined)
        assert manifest["rows_in"] == loaded + quarantined + manifest["rows_duplicate"]


@given(st.lists(st.one_of(st.integers(0, 10**6), torn_lines), min_size=1, max_size=40, unique=True))
@settings(max_examples=40, deadline=None)
def test_every_sound_row_survives_the_torn_lines_around_it(entries: list[int | bytes]) -> None:
    sound = [entry for entry in entries if isinstance(entry, int)]
    lines = [b"K%d,C1,2024-01-01,1,completed," % entry if isinstance(entry, int) else entry for entry in entries]
    with tempfile.TemporaryDirectory() as folder:
        room = Room(Path(folder))
        room.allow_bad_rows(1)
        room.put("orders/o.csv", b"\n".join([written(tuple(HEADER)), *lines]) + b"\n")
        room.land()
        assert room.rows("orders", "order_id, _line_no") == [
            (f"K{entry}", at) for at, entry in enumerate(entries, start=2) if isinstance(entry, int)
        ]
        assert room.manifest()["rows_quarantined"] == len(entries) - len(sound) == parquet_rows(room, "quarantine")
