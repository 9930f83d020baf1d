"""dbt as a child that dies with the run that started it.

A run that is killed would otherwise leave a dbt behind, which goes on writing into whichever candidate is there.
"""

import ctypes
import gc
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

PR_SET_PDEATHSIG = 1  # Linux: the signal that this process gets when the thread that started it ends


def die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when its parent dies; on systems other than Linux nothing happens.

    Args:
        parent: process ID of the parent, to notice one that has died already.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit(1)


def run_dbt(arguments: Sequence[str]) -> None:
    """Run dbt's command line in this process, and end it."""
    # What dbt makes, it keeps until it ends. Looking through it for garbage takes a tenth of its time (measured) and
    # finds next to nothing: 50 MB more are held, whatever the number of rows.
    gc.disable()
    leave_out_debug_events()
    parse_alike_for_every_file()
    from dbt.cli.main import cli  # noqa: PLC0415  # two seconds, and Spark is to be there before

    cli(list(arguments))


def leave_out_debug_events() -> None:
    """Let dbt make no events of level debug, which no log of ours shows.

    It makes several a statement, each twice in protobuf, before it looks whether anybody wants them: a seventh of the
    time of a run on few rows (measured with dbt 1.11). tests/warehouse/test_dbt_process.py tells when it no longer
    does. Events of other levels, and debug ones fired at another level, are as they were.
    """
    from dbt_common.events.base_types import BaseEvent, DebugLevel, EventLevel  # noqa: PLC0415  # as above
    from dbt_common.events.event_manager import EventManager  # noqa: PLC0415

    make, fire = BaseEvent.__init__, EventManager.fire_event

    def make_later(self: BaseEvent, *args: Any, **kwargs: Any) -> None:
        object.__setattr__(self, "make", lambda: make(self, *args, **kwargs))

    def fire_if_shown(self: EventManager, e: BaseEvent, level: EventLevel | None = None, *args: Any, **kw: Any) -> None:
        if isinstance(e, DebugLevel):
            if level in (None, EventLevel.DEBUG):
                return
            e.make()
        fire(self, e, level, *args, **kw)

    DebugLevel.__init__ = make_later  # type: ignore[method-assign]
    EventManager.fire_event = fire_if_shown  # type: ignore[method-assign]


def parse_alike_for_every_file() -> None:
    """Let dbt take a parsed project for what it is when only the warehouse's file is another.

    It parses everything anew when anything of its connection has changed, since a model could ask for it; none of ours
    asks for a path. So a project that one home has parsed serves all (`retention.warehouse.dbt.share_parsed`).
    """
    from dbt.adapters.duckdb.credentials import DuckDBCredentials  # noqa: PLC0415  # as above

    keys = DuckDBCredentials._connection_keys  # dbt offers nothing else

    def without_files(self: DuckDBCredentials) -> tuple[str, ...]:
        return tuple(key for key in keys(self) if key not in ("path", "attach"))

    DuckDBCredentials._connection_keys = without_files  # as above


if __name__ == "__main__":
    die_with_parent(int(sys.argv[1]))
    run_dbt(sys.argv[2:])
