"""Decisions on alerts: rows of the entity `alert_decisions`, each command's a load like any other (decision 70).

A decision counts from the as-of day of the release that was looked at. Its ID follows from what is decided and from the
decision in force before it: the same command a second time says nothing new.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from retention.alerts.reading import full_id, opened
from retention.errors import SettingsError
from retention.landing import Contract, Delivery, land_one, raw_relation_sql
from retention.landing.vault import scratch_folder, sweep_scratch
from retention.publication.chosen_release import Reader
from retention.runs import Home
from retention.warehouse.lock import writer_lock

ENTITY = "alert_decisions"
SOURCE = "decisions"
ACTIONS = ("snooze", "close", "reopen")
ID_DIGITS = 16
# As the models read them: stg_alert_decisions.
NEWEST = """
    select * from ({raw})
    qualify row_number() over (partition by decision_id order by _load_seq desc, _line_no desc) = 1
    order by decided_at, _load_seq, _line_no
"""


@dataclass(frozen=True)
class Decided:
    """What a command recorded.

    Attributes:
        recorded: IDs of the alerts with a new decision.
        known: IDs of those of which the same was decided before.
        load_id: the load of the new decisions; None when there are none.
    """

    recorded: list[str]
    known: list[str]
    load_id: str | None


@dataclass(frozen=True)
class AlertDesk:
    """Where alerts are decided on: a home, the contracts, and the business's time zone.

    Attributes:
        decided_by: name of who decides.
    """

    home: Home
    contracts: dict[str, Contract]
    timezone: str
    decided_by: str

    def history(self, alert_id: str) -> list[dict[str, Any]]:
        """The decisions on an alert that were recorded, oldest first, whatever the release knows of them."""
        names = ("decided_at", "action", "effective_on", "snoozed_until", "decided_by", "note")
        return [{name: row[name] for name in names} for row in self._decisions() if row["alert_id"] == alert_id]

    def decide(
        self, alerts: Sequence[str], action: str, *, until: date | None = None, note: str | None = None
    ) -> Decided:
        """Record what is decided about alerts of the published release: all of it, or nothing.

        Args:
            alerts: their IDs, or the beginnings of them.
            action: one of ACTIONS.
            until: for a snooze, the first day on which the alert is open again.
            note: why; no personal values.

        Raises:
            NotThereError: nothing is published, or it has no such alert.
            SettingsError: an alert's status does not allow it, the day is over, or nobody decides.
        """
        if not self.decided_by.strip():
            raise SettingsError("Nobody is named as the one who decides.", "Give --by NAME.")
        with writer_lock(self.home, f"alerts {action}"), opened(self.home) as release:
            found = dict.fromkeys(self._allowed(release, alert, action, until) for alert in alerts)
            last = {row["alert_id"]: row for row in self._decisions()}
            untouched = [alert_id for alert_id, _ in found if alert_id not in last]
            if action == "reopen" and untouched:
                raise SettingsError(
                    f"Nobody has snoozed or closed {', '.join(untouched)}: there is nothing to reopen.",
                    "retention alerts list --status snoozed --status closed shows what was put off or closed.",
                )
            rows = [self._row(alert_id, day, action, until, note, last.get(alert_id)) for alert_id, day in found]
            new = [row for row in rows if not _says_the_same(row, last.get(row["alert_id"]))]
            known = [row["alert_id"] for row in rows if row not in new]
            return Decided([row["alert_id"] for row in new], known, self._land(new))

    def _allowed(self, release: Reader, alert: str, action: str, until: date | None) -> tuple[str, date]:
        """The ID of an alert that this may be decided about, and the as-of day that shows it."""
        alert_id = full_id(release, alert)
        [found] = release.rows(
            "select status, close_reason, as_of_date from marts.alerts where alert_id = ?", [alert_id]
        )
        status, reason, as_of = found["status"], found["close_reason"], found["as_of_date"]
        if action == "snooze" and (until is None or until <= as_of):
            raise SettingsError(f"--until {until} is not after the release's as-of day {as_of}.", "Give a later day.")
        if status == "closed" and (action != "reopen" or reason != "closed_by_person"):
            told = f"is closed ({reason})"
            raise SettingsError(f"Alert {alert_id} {told}.", "What comes back opens as a new alert by itself.")
        return alert_id, as_of

    def _row(
        self, alert_id: str, day: date, action: str, until: date | None, note: str | None, last: dict[str, Any] | None
    ) -> dict[str, Any]:
        before = last["decision_id"] if last else ""
        told = "\x1f".join((alert_id, action, day.isoformat(), str(until), self.decided_by, note or "", before))
        now = datetime.now(ZoneInfo(self.timezone)).replace(tzinfo=None, microsecond=0)
        return {
            "decision_id": sha256(told.encode()).hexdigest()[:ID_DIGITS],
            "decided_at": now.isoformat(sep=" "),
            "alert_id": alert_id,
            "action": action,
            "effective_on": day,
            "snoozed_until": until,
            "decided_by": self.decided_by.strip(),
            "note": note,
        }

    def _land(self, rows: list[dict[str, Any]]) -> str | None:
        if not rows:
            return None
        path = scratch_folder(self.home) / f"{rows[0]['decision_id']}.csv"
        try:
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, [column.name for column in self.contracts[ENTITY].columns])
                writer.writeheader()
                writer.writerows(rows)
            delivery = Delivery(path, self.contracts[ENTITY], "csv")
            return str(land_one(self.home, delivery, timezone=self.timezone, source=SOURCE)["load_id"])
        finally:
            sweep_scratch(self.home)

    def _decisions(self) -> list[dict[str, Any]]:
        """The decisions recorded, oldest first."""
        with duckdb.connect() as connection:
            result = connection.execute(NEWEST.format(raw=raw_relation_sql(self.home, self.contracts[ENTITY])))
            names = [column[0] for column in result.description or []]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _says_the_same(row: dict[str, Any], last: dict[str, Any] | None) -> bool:
    """Whether the decision in force says this already."""
    return last is not None and all(row[name] == last[name] for name in ("action", "snoozed_until"))
