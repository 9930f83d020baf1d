"""Which sources there are for the schedule, and which of them have not arrived for a day.

A DAG file reads this: it imports nothing of what a source needs to be read. What a source declares beyond its name,
hour, entities and connection is checked when it is extracted.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from retention.errors import SettingsError
from retention.runs import Home
from retention.sources.declared_file import GUIDE, declared_sources

NAME = re.compile(r"[a-z][a-z0-9_]*")
DAILY_AT_SIX = "0 6 * * *"
FINISHED = "finished.json"


@dataclass(frozen=True)
class ScheduledSource:
    """A source as the schedule knows it.

    Attributes:
        schedule: five cron fields, in the business's time zone.
        connection: the Airflow connection that holds its secret, if one does.
    """

    name: str
    schedule: str
    entities: tuple[str, ...]
    connection: str | None


def read_schedules(path: Path) -> list[ScheduledSource]:
    """Read name, hour, entities and connection of every source; without the file there is none.

    Raises:
        SettingsError: the file cannot be read, or a name is missing.
    """
    items = declared_sources(path)
    return [_source(path, item, at) for at, item in enumerate(items, start=1)]


def missing_entities(home: Home, source: ScheduledSource, due: datetime) -> dict[str, datetime | None]:
    """Find the entities of a source of which no extract has finished since an instant.

    Args:
        due: when the source was last to be extracted.

    Returns:
        Entity → when an extract of it last finished, whether or not it found anything new; None: never.
    """
    finished = finished_at(home, source.name)
    return {
        entity: finished.get(entity) for entity in source.entities if entity not in finished or finished[entity] < due
    }


def finished_at(home: Home, source: str) -> dict[str, datetime]:
    """When an extract of each entity of a source last finished."""
    path = home.vault / "extracts" / source / FINISHED
    try:
        content: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        return {entity: datetime.fromisoformat(instant) for entity, instant in content.items()}
    except (FileNotFoundError, ValueError):
        return {}


def missing_lines(
    home: Home, sources: list[ScheduledSource], due_of: Callable[[ScheduledSource], datetime]
) -> list[str]:
    """Say in a line each which sources have not arrived; none when all have.

    Args:
        due_of: when a source was last to be extracted.
    """
    lines = []
    for source in sources:
        due = due_of(source)
        for entity, last in missing_entities(home, source, due).items():
            seen = "never" if last is None else f"last {last.astimezone(due.tzinfo):%Y-%m-%d %H:%M}"
            lines.append(f"{source.name}/{entity}: not extracted since it was due at {due:%Y-%m-%d %H:%M} ({seen})")
    return lines


def _source(path: Path, item: Any, at: int) -> ScheduledSource:
    name = item.get("name") if isinstance(item, Mapping) else None
    if not isinstance(item, Mapping) or not isinstance(name, str) or not NAME.fullmatch(name):
        raise SettingsError(f"{path}: source {at}: key name: must be of small letters, digits and _.", GUIDE)
    entities = item.get("entities")
    named = [one.get("entity") for one in entities if isinstance(one, Mapping)] if isinstance(entities, list) else []
    secret = item.get("secret")
    connection = secret.get("connection") if isinstance(secret, Mapping) else None
    return ScheduledSource(
        name,
        str(item.get("schedule", DAILY_AT_SIX)),
        tuple(str(entity) for entity in named if entity),
        None if connection is None else str(connection),
    )
