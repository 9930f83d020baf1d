"""Old months of the ledger put away: whole and compressed, with what is still needed of them carried over.

`HOME/notices/archive/ledger-<month>.jsonl.gz` holds every line as it was written. `carried.jsonl` says up to which
month that is done, and repeats all that was told of alerts that are in the release or were not told as ended: of no
other can a later run ask, but for late data about an alert that ended longer ago than `keep` (decision 83).

The archive is on the disk before `carried.jsonl` takes its name, in one rename, and the ledger reads no month that this
one covers. A crash at any point leaves the ledger of before or the ledger of after.
"""

import gzip
import os
from collections.abc import Set
from dataclasses import asdict
from datetime import date
from pathlib import Path

from retention.notices.alerts import read_alerts
from retention.notices.ledger import CARRIED, GROUPED, History, Key, Ledger, Told, as_line
from retention.publication.chosen_release import Release
from retention.publication.sealing import sync_folder


def archive(ledger: Ledger, oldest: date, release: Release) -> list[Path]:
    """Put away the months of the ledger that ended before a day; the caller holds the ledger.

    Returns:
        The files of the archive; none where there is nothing that old, as on most days.
    """
    old = [path for path in ledger.months() if ledger.month_of(path) < f"{oldest:%Y-%m}"]
    folder, kept = ledger.folder / "archive", list[Path]()
    if old:
        folder.mkdir(exist_ok=True)
        kept = [_compress(path, folder) for path in old]
        sync_folder(folder)
        standing = {one.key for one in read_alerts(release)[0]}
        _carry(ledger, ledger.read(up_to=old[-1]), standing, ledger.month_of(old[-1]))
    for path in set(ledger.folder.glob("ledger-*.jsonl")).difference(ledger.months()):
        path.unlink()  # of this time, or of one that was cut off here
    return kept


def carried(told: list[Told], in_release: Set[Key]) -> list[Told]:
    """What is still needed of what was told: all of the alerts in the release, and of those not told as ended."""
    last = {one.key: one for one in told if one.kind != GROUPED}
    needed = in_release | {key for key, one in last.items() if one.is_beginning}
    return [one for one in told if one.key in needed]


def _compress(path: Path, folder: Path) -> Path:
    """Write a month into the archive, the same bytes from the same lines."""
    place = folder / f"{path.name}.gz"
    beside = place.with_name(f".{place.name}.new")
    with beside.open("wb") as file:
        file.write(gzip.compress(path.read_bytes(), mtime=0))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(place)
    return place


def _carry(ledger: Ledger, history: History, in_release: Set[Key], month: str) -> None:
    """Put in one rename what is carried over in the place of the months up to this one."""
    alerts = [asdict(one) for one in carried(history.told, in_release)]
    record = {"type": "carried", "through": month, "last_day": history.last_day, "alerts": alerts}
    beside = ledger.folder / f".{CARRIED}.new"
    with beside.open("w", encoding="utf-8") as file:
        file.write(as_line(record))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(ledger.folder / CARRIED)
    sync_folder(ledger.folder)
