"""dbt's debug events: not made where nobody reads them, and made eagerly by dbt itself, which is why we step in."""

import json
import subprocess
import sys

import pytest

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
