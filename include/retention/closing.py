"""The close of a month: its last day is published once more, and that release is kept for good.

`HOME/closings/<YYYY-MM>/` holds the release's own files, linked and not copied, with its manifest and `closing.json`. A
closing is never changed: closed again, the former one stays beside it as `<YYYY-MM>.1`, `<YYYY-MM>.2` and so on.
"""

import itertools
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from retention.errors import SettingsError
from retention.landing import event_range, load_contracts
from retention.pipeline import STEPS, run_step
from retention.publication.sealing import seal, sync_folder
from retention.runs import Home, Run, open_run, start_run, write_json
from retention.settings import Settings
from retention.warehouse.lock import writer_lock

MONTH = re.compile(r"[12]\d{3}-(0[1-9]|1[0-2])")
CLOSED_ON = 2
"""Day of the next month on which the schedule closes a month: what was known then is what was known by its end."""

LAST_DAYS = 7
"""A month has data to its end when there is an order of its last days, a week, or of a day after it."""

RECORD = "closing.json"


@dataclass(frozen=True)
class Closed:
    """What closing came to.

    Attributes:
        folder: where the closing is.
        record: month, as_of_date, known_by, closed_at, release_id, profile.
        is_new: whether it was closed just now.
        report: the summary of the run; None where the month was closed before.
    """

    folder: Path
    record: dict[str, Any]
    is_new: bool
    report: dict[str, Any] | None


def close_month(
    settings: Settings,
    month: str | None = None,
    *,
    known_by: date | None = None,
    known_then: bool = False,
    again: bool = False,
    accepts_gap: bool = False,
    wait_seconds: float = 0,
    say: Callable[[str], None] = lambda _: None,
    tick: Callable[[str], None] = lambda _: None,
    done: Callable[[str, float], None] = lambda _name, _seconds: None,
) -> Closed:
    """Close a month, once.

    Args:
        month: as 2024-05; default: the last one that is over.
        known_by: only with what had been taken in by the end of this day.
        known_then: with what had been taken in by the day on which the schedule closes the month.
        again: also when it is closed already; the former closing is kept beside the new one.
        accepts_gap: also when no order of the month's last days has been landed.
        wait_seconds: how long to wait for another writer.

    Raises:
        SettingsError: the month is none, is not over, or its data do not reach its end.
        RetentionError: the run failed.
    """
    home = settings.home_path
    now = datetime.now(settings.zone).replace(tzinfo=None, microsecond=0)
    name = month or f"{now.date().replace(day=1) - timedelta(days=1):%Y-%m}"
    last_day = month_end(name)
    if last_day >= now.date():
        raise SettingsError(f"{name} is not over: it ends on {last_day}.", "Close it from the day after on.")
    present = home.closings / name
    if (present / RECORD).exists() and not again:
        return Closed(present, _record(present), False, None)
    known_by = known_by or settings.known_by
    if known_then:
        known_by = min(last_day + timedelta(days=CLOSED_ON), now.date())
    run_id = f"close-{name}-{now:%Y%m%dT%H%M%S}"
    run = start_run(home.path, settings.profile, last_day, settings.timezone, run_id, settings.target, known_by)
    report: dict[str, Any] = {}
    for step in STEPS:
        report = run_step(
            step, run, settings, say=say, tick=tick, wait_seconds=wait_seconds, only_forward=True
        )  # fmt: skip
        run = open_run(home.path, run_id)
        if step == "land" and not accepts_gap:
            _check_reach(run, settings, name, last_day)
        done(step, report["seconds"])
    with writer_lock(home, f"close {name}", wait_seconds):
        folder = _keep(run, name)
    return Closed(folder, _record(folder), True, report)


def closings(home: Home) -> list[dict[str, Any]]:
    """The closings on disk, the newest month first; of a month closed again the present one before the former ones."""
    found = [{"closing": path.parent.name} | _record(path.parent) for path in home.closings.glob(f"[!.]*/{RECORD}")]
    found.sort(key=lambda one: str(one["closed_at"]), reverse=True)
    return sorted(found, key=lambda one: str(one["month"]), reverse=True)


def month_end(month: str) -> date:
    """Last day of a month.

    Raises:
        SettingsError: it is not written as one.
    """
    if not MONTH.fullmatch(month):
        raise SettingsError(f"--month {month} is no month.", "Write it as YYYY-MM, for example 2024-05.")
    first = date.fromisoformat(f"{month}-01")
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _check_reach(run: Run, settings: Settings, month: str, last_day: date) -> None:
    """Refuse a month whose end has not been delivered: its close would be kept, and wrong."""
    orders = load_contracts(settings.project_dir)["orders"]
    days = event_range(run.home, orders, run.read("land")["pinned"].get("orders", []))
    if days is not None and days[1] <= last_day - timedelta(days=LAST_DAYS):
        raise SettingsError(
            f"The landed orders reach {days[1]}, so {month} cannot be closed.",
            f"Deliver the orders up to {last_day}; if there were none, say so: --accept-gap.",
        )


def _keep(run: Run, month: str) -> Path:
    """Link the run's release into a closing, complete before it takes its name."""
    release = run.home.releases / str(run.read("publish")["release"])
    staged, place = run.home.closings / f".new-{month}", run.home.closings / month
    shutil.rmtree(staged, ignore_errors=True)
    shutil.copytree(release, staged, copy_function=_link)
    write_json(
        staged / RECORD,
        {
            "month": month,
            "as_of_date": run.as_of,
            "known_by": run.known_by,
            "closed_at": datetime.now(ZoneInfo(run.timezone)).replace(tzinfo=None, microsecond=0),
            "release_id": release.name,
            "profile": run.profile,
        },
    )
    seal(staged)
    if place.exists():
        former = (run.home.closings / f"{month}.{number}" for number in itertools.count(1))
        place.rename(next(path for path in former if not path.exists()))
    staged.rename(place)
    sync_folder(run.home.closings)
    return place


def _link(source: str, target: str) -> str:
    Path(target).hardlink_to(source)
    return target


def _record(folder: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    return record
