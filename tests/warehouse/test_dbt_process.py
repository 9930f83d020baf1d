"""Where we step into dbt: debug events that nobody reads are not made, and a parsed project serves every home."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from retention.settings import PROJECT_DIR
from retention.warehouse.dbt import PARSED, share_parsed, take_parsed

SCRIPT = """
import json, sys
from dbt_common.events.event_manager import EventManager
from dbt_common.events.base_types import EventLevel
from dbt.adapters.events.types import SQLQuery
from retention.warehouse.dbt_process import leave_out_debug_events

if sys.argv[1] == "ours":
    leave_out_debug_events()
seen = []

class Listener(EventManager):
    def __init__(self):
        super().__init__()
        self.callbacks.append(lambda msg: seen.append(msg.info.level))

def event():
    return SQLQuery(conn_name="c", sql="select 1", node_info={})

made = hasattr(event(), "pb_msg")
Listener().fire_event(event())
Listener().fire_event(event(), EventLevel.INFO)
print(json.dumps([made, seen]))
"""


def told(whose: str) -> list[object]:
    """Whether a debug event is made at once, and the levels of what reaches a listener of two events."""
    done = subprocess.run([sys.executable, "-c", SCRIPT, whose], capture_output=True, text=True, check=True)
    answer: list[object] = json.loads(done.stdout)
    return answer


@pytest.mark.slow
def test_debug_events_are_left_out_unless_they_are_fired_at_another_level() -> None:
    assert told("ours") == [False, ["info"]]


@pytest.mark.slow
def test_dbt_itself_still_makes_debug_events_that_nobody_reads() -> None:
    """When this fails, `leave_out_debug_events` has nothing left to do and can go."""
    assert told("dbt's") == [True, ["debug", "info"]]


FILES = """
import sys
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from retention.warehouse.dbt_process import parse_alike_for_every_file

if sys.argv[1] == "ours":
    parse_alike_for_every_file()
print(*(key for key, _ in DuckDBCredentials(database="w", schema="s", path="w.duckdb").connection_info()))
"""


def shown_keys(whose: str) -> set[str]:
    """What of a connection decides whether dbt parses the project anew."""
    done = subprocess.run([sys.executable, "-c", FILES, whose], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.slow
def test_a_warehouse_of_another_path_is_no_reason_to_parse_anew() -> None:
    """When the second line fails, `parse_alike_for_every_file` has nothing left to do and can go."""
    theirs = shown_keys("dbt's")
    assert {"path", "attach"} <= theirs
    assert shown_keys("ours") == theirs - {"path", "attach"}


def test_no_model_asks_where_the_warehouse_is() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (PROJECT_DIR / "dbt_project").rglob("*.sql")]
    assert len(texts) > 200
    assert not [text for text in texts if re.search(r"\btarget\.(path|attach)\b", text)]


def test_a_new_home_begins_with_what_another_has_parsed(tmp_path: Path) -> None:
    old, new, shared = tmp_path / "old", tmp_path / "new", tmp_path / "project" / "parsed.duckdb.msgpack"
    old.mkdir()
    shared.parent.parent.mkdir(exist_ok=True)
    take_parsed(shared, new)
    assert not new.exists()  # nobody has parsed it yet
    (old / PARSED).write_bytes(b"first")
    share_parsed(old, shared)
    take_parsed(shared, new)
    assert (new / PARSED).read_bytes() == b"first"
    (old / PARSED).write_bytes(b"second")
    os.utime(old / PARSED, (shared.stat().st_mtime + 5,) * 2)
    share_parsed(old, shared)
    take_parsed(shared, new)
    assert shared.read_bytes() == b"second"
    assert (new / PARSED).read_bytes() == b"first"  # a home keeps its own
    assert [path.name for path in shared.parent.iterdir()] == [shared.name]


def test_a_project_that_cannot_be_written_to_leaves_nothing_for_others(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / PARSED).write_bytes(b"parsed")
    (tmp_path / "project").write_text("no folder")
    share_parsed(home, tmp_path / "project" / "parsed.duckdb.msgpack")
    assert (home / PARSED).exists()
