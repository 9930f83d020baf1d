"""What was told, to whom and when: a file a month of JSON lines, written before a sending and after it.

Lines are only ever added, pushed to the disk before the next step begins. A line that a crash cut off was never acted
upon, and is not read. Three kinds of line make a sending: its digest, each try of an address, and how the try ended.
A try without an end was cut off: the message may have been sent, and is not sent again by itself (decision 75). Months
older than `keep` of `notices.yml` are put away by archive.py.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from retention.errors import LockBusyError
from retention.publication.sealing import sync_folder
from retention.runs import Home

OPENED, RETURNED, CLOSED, WITHDRAWN = "opened", "returned", "closed", "withdrawn"
RISEN, RESUMED = "risen", "resumed"
"""What is told of an alert by itself; `risen`: it got critical; `resumed`: it was put off until now."""
GROUPED, SUMMED, LAPSED = "grouped", "summed", "lapsed"
"""What is told in a number: `grouped`, it waits for a line of its own; `summed`, an end for which that was all.
What is not told: `lapsed`, it closed long ago."""

SENT, FAILED, UNKNOWN, WAITING = "sent", "failed", "unknown", "waiting"
"""How an address stands: `unknown`, it may have been sent; `waiting`, it has not been tried."""


CARRIED = "carried.jsonl"
"""The file of what is still needed of archived months."""

Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Told:
    """One alert in a digest.

    Attributes:
        as_of: the day of the release that it was told from.
        severity: as it was told; None in lines that were written before it was kept.
        line: how the digest tells it; empty where it is told in a number.
    """

    kind: str
    alert_id: str
    rule_id: str
    subject_type: str
    subject_id: str
    opened_on: date
    owner: str | None
    as_of: date
    occasion: str = ""
    severity: str | None = None
    line: str = ""

    @property
    def key(self) -> Key:
        """As the key of an alert."""
        return self.rule_id, self.subject_type, self.subject_id, self.occasion

    @property
    def is_beginning(self) -> bool:
        """Whether it told that the alert is open."""
        return self.kind in (OPENED, RETURNED, RISEN, RESUMED)


@dataclass(frozen=True)
class Address:
    """How one address of a sending stands."""

    status: str = WAITING
    service: str | None = None
    tries: int = 0
    said: str | None = None


@dataclass(frozen=True)
class Sending:
    """A digest and how its addresses stand.

    Attributes:
        at: when it was written, UTC.
        recipient: as `notices.yml` names it.
    """

    sending: str
    at: datetime
    recipient: str
    language: str
    release: str
    as_of: date
    title: str
    body: str
    alerts: tuple[Told, ...]
    addresses: tuple[Address, ...]

    @property
    def listed(self) -> int:
        """How many alerts have a line of their own."""
        return sum(one.kind not in (GROUPED, SUMMED) for one in self.alerts)

    @property
    def has_told(self) -> bool:
        """Whether it reached anybody, or may have."""
        return any(one.status in (SENT, UNKNOWN) for one in self.addresses)

    @property
    def status(self) -> str:
        """The worst that is said of an address, with `partly` where others were reached."""
        states = {one.status for one in self.addresses}
        if len(states) == 1:
            return states.pop()
        return UNKNOWN if UNKNOWN in states else "partly"


@dataclass
class History:
    """The ledger read.

    Attributes:
        order: the sendings, by name, and the alerts that ended without a word, as they were written.
        last_day: the latest as-of day that alerts were told of.
    """

    sendings: dict[str, Sending] = field(default_factory=dict)
    order: list[str | Told] = field(default_factory=list)
    last_day: date | None = None

    @property
    def told(self) -> list[Told]:
        """All that was told, or may have been, in order."""
        found: list[Told] = []
        for one in self.order:
            if isinstance(one, Told):
                found.append(one)
            elif self.sendings[one].has_told:
                found += self.sendings[one].alerts
        return found

    def told_on(self, day: date) -> set[str]:
        """The recipients who had a digest of this day, or may have had one, be it of numbers told before."""
        return {one.recipient for one in self.sendings.values() if one.as_of == day and one.has_told}

    def told_after(self, name: str) -> set[tuple[str, str, str, str]]:
        """What was told after a sending, or may have been, by the keys of alerts; what was told in a number apart."""
        found: set[tuple[str, str, str, str]] = set()
        for one in self.order[self.order.index(name) + 1 :]:
            if not isinstance(one, Told) and self.sendings[one].has_told:
                found |= {told.key for told in self.sendings[one].alerts if told.kind != GROUPED}
        return found


class Ledger:
    """The ledger of a home, held by one process at a time."""

    def __init__(self, home: Home) -> None:
        self.folder = home.path / "notices"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep others from telling at the same time.

        Raises:
            LockBusyError: another process does.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise LockBusyError(
                    f"Another process is telling alerts of {self.folder.parent}.", "Wait until it has ended."
                ) from None
            yield

    def read(self, up_to: Path | None = None) -> History:
        """Fold all lines: what was carried over from archived months, then the months since.

        Args:
            up_to: no later month than this one; None: all.
        """
        history, carried = History(), self.folder / CARRIED
        months = [path for path in self.months() if up_to is None or path <= up_to]
        for path in (*([carried] if carried.exists() else []), *months):
            for line in path.read_bytes().split(b"\n"):
                record = _whole(line)
                if record is not None:
                    _fold(history, record)
        return history

    def months(self) -> list[Path]:
        """The files of the months that are not archived, in order."""
        carried = self.folder / CARRIED
        record = _whole(carried.read_bytes()) if carried.exists() else None
        through = str(record["through"]) if record else ""
        return [path for path in sorted(self.folder.glob("ledger-*.jsonl")) if self.month_of(path) > through]

    @staticmethod
    def month_of(path: Path) -> str:
        """The month of a file, as 2024-05."""
        return path.stem.removeprefix("ledger-")

    def write(self, *records: Mapping[str, Any]) -> None:
        """Add lines and push them to the disk."""
        now = datetime.now(UTC)
        path = self.folder / f"ledger-{now:%Y-%m}.jsonl"
        is_new = not path.exists()
        lines = [as_line({"at": now, **record}) for record in records]
        with path.open("ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":  # a crash cut a line off: it is ended, lest this one be taken for its rest
                    file.write(b"\n")
            file.write("".join(lines).encode())
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            sync_folder(self.folder)

    def write_digest(self, sending: Sending) -> None:
        """Say what is about to be sent."""
        content = asdict(sending)
        content["addresses"] = len(sending.addresses)
        self.write({"type": "digest", **content})

    def write_try(self, sending: str, address: int) -> None:
        """Say that an address is about to be tried."""
        self.write({"type": "try", "sending": sending, "address": address})

    def write_end(self, sending: str, address: int, ended: Address) -> None:
        """Say how trying it ended."""
        self.write({"type": "end", "sending": sending, "address": address, **asdict(ended)})

    def write_lapsed(self, lapsed: Sequence[Told]) -> None:
        """Say which alerts have ended without a word."""
        if lapsed:
            self.write({"type": "lapsed", "alerts": [asdict(one) for one in lapsed]})

    def write_run(self, release: str, as_of: date) -> None:
        """Say that the alerts of a release have been gone through."""
        self.write({"type": "run", "release": release, "as_of": as_of})


def as_line(record: Mapping[str, Any]) -> str:
    """A record as a line."""
    return json.dumps(record, ensure_ascii=False, default=_plain) + "\n"


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def _whole(line: bytes) -> dict[str, Any] | None:
    """The record of a line; None for an empty one and for what a crash has left of one."""
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _told(content: Mapping[str, Any]) -> Told:
    days = {name: date.fromisoformat(content[name]) for name in ("opened_on", "as_of")}
    return Told(**{**content, **days})


def _fold(history: History, record: dict[str, Any]) -> None:
    kind, at = record.pop("type"), record.pop("at", "")
    if kind == "carried":
        history.order += [_told(one) for one in record["alerts"]]
        history.last_day = date.fromisoformat(record["last_day"]) if record["last_day"] else None
    elif kind == "run":
        day = date.fromisoformat(record["as_of"])
        history.last_day = max(day, history.last_day or day)
    elif kind == "lapsed":
        history.order += [_told(one) for one in record["alerts"]]
    elif kind == "digest":
        record |= {
            "at": datetime.fromisoformat(at),
            "as_of": date.fromisoformat(record["as_of"]),
            "alerts": tuple(_told(one) for one in record["alerts"]),
            "addresses": (Address(),) * record["addresses"],
        }
        history.sendings[record["sending"]] = Sending(**record)
        history.order.append(record["sending"])
    elif record["sending"] in history.sendings:
        sending, place = history.sendings[record.pop("sending")], record.pop("address")
        before = sending.addresses[place]
        # A try counts as unknown until its end is known.
        now = replace(before, status=UNKNOWN) if kind == "try" else Address(**record)
        states = (*sending.addresses[:place], now, *sending.addresses[place + 1 :])
        history.sendings[sending.sending] = replace(sending, addresses=states)
