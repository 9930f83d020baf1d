"""sources.yml: what it may say, and the one line that a slip of the pen gives."""

from datetime import timedelta
from typing import Any

import pytest
import yaml
from tests.sources.source_room import SourceRoom

from retention.errors import NotThereError, SettingsError
from retention.settings import PROJECT_DIR
from retention.sources.catalogue import choose, read_sources

ENTITY = {"entity": "orders", "table": "shop.orders", "cursor": {"column": "changed_at", "overlap": "15m"}}
CRM = {"name": "crm", "kind": "sql", "secret": {"env": "CRM_URL"}, "entities": [ENTITY]}


def changed(**keys: Any) -> dict[str, Any]:
    return CRM | {name: value for name, value in keys.items() if value is not None}


def entity(**keys: Any) -> dict[str, Any]:
    return changed(entities=[ENTITY | keys])


def rest(keys: dict[str, Any], request: dict[str, Any] | None = None) -> dict[str, Any]:
    entity = {"entity": "orders", "path": "/orders"} | (request or {})
    return {"name": "desk", "kind": "rest", "base_url": "https://desk.example", "entities": [entity]} | keys


CASES = {
    "hour that cron can't read": (changed(schedule="every day"), "source 'crm': key schedule: "),
    "unknown kind": (changed(kind="ftp"), "source 'crm': key kind: must be one of files, sql, rest."),
    "name with a blank": (changed(name="my crm"), "source 'my crm': key name: string should match pattern"),
    "unknown key": (changed(pasword="x"), "source 'crm': key pasword: there is no such key."),
    "no entity": (changed(entities=[]), "source 'crm': key entities: list should have at least 1 item"),
    "unknown entity": (entity(entity="orderz"), "entity 'orderz': key entity: no contract describes it. Use one of"),
    "unknown column": (entity(columns={"ammount": "x"}), "entity 'orders': key columns.ammount: the contract has no"),
    "table and query": (entity(query="select 1"), "entity 'orders': name either table or query."),
    "slip in an entity": (entity(tabel="x"), "entity 'orders': key tabel: there is no such key."),
    "overlap without unit": (
        entity(cursor={"column": "c", "overlap": "15"}),
        "entity 'orders': key cursor.overlap: write it as a number with s, m, h or d, such as 15m.",
    ),
    "cursor without column": (entity(cursor={}), "entity 'orders': key cursor.column: is missing."),
    "entity twice": (changed(entities=[ENTITY, ENTITY]), "entity 'orders': stands there twice."),
    "no secret and no url": (CRM | {"secret": None}, "source 'crm': name url, secret or both."),
    "two places of a secret": (
        changed(secret={"env": "A", "connection": "b"}), "source 'crm': key secret: name either env or connection.",
    ),
    "name of the landing folder": (changed(name="files"), "key name: 'files' names the landing folder."),
    "files with a cursor": (
        {"name": "drop", "kind": "files", "entities": [{"entity": "orders", "path": "x", "cursor": {"column": "c"}}]},
        "entity 'orders': cursor: files have none",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_slip_names_file_source_and_key(room: SourceRoom, case: str) -> None:
    declared, expected = CASES[case]
    room.declare(declared)
    with pytest.raises(SettingsError) as caught:
        room.sources()
    message = str(caught.value)
    assert str(room.file) in message
    assert expected in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "declared",
    [
        changed(url="postgresql://reader:hunter22@db/crm"),
        rest({"headers": {"Authorization": "Bearer hunter22"}}),
        rest({}, {"params": {"api_key": "hunter22"}}),
        rest({}, {"path": "/orders?token=hunter22"}),
        changed(url="postgresql://db/crm?user=reader&password=hunter22"),
        changed(secret={"env": "sk-hunter22"}),
        changed(secret="hunter22"),
        {
            "name": "s3",
            "kind": "files",
            "options": {"secret": "hunter22"},
            "entities": [{"entity": "orders", "path": "x"}],
        },
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_shown(room: SourceRoom, declared: dict[str, Any]) -> None:
    room.declare(declared)
    with pytest.raises(SettingsError) as caught:
        room.sources()
    assert "hunter22" not in str(caught.value)


@pytest.mark.parametrize("text", ["- a", "sources: {}", "other: []", "sources: [a]", "sources: ["])
def test_a_file_of_another_shape_is_one_line(room: SourceRoom, text: str) -> None:
    room.file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        room.sources()
    assert str(room.file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_name_stands_once(room: SourceRoom) -> None:
    room.declare(CRM, CRM)
    with pytest.raises(SettingsError, match="source 'crm': key name: stands there twice"):
        room.sources()


def test_without_the_file_there_is_no_source(room: SourceRoom) -> None:
    assert room.sources() == []
    with pytest.raises(NotThereError, match="declares no source"):
        choose([], [], room.file)


def test_what_is_declared_is_read(room: SourceRoom) -> None:
    room.declare(CRM, entity(cursor={"column": "id", "overlap": 1000}) | {"name": "shop"})
    crm, shop = room.sources()
    feed = crm.feeds["orders"]
    assert (feed.label, feed.cursor, feed.overlap_seconds) == ("crm/orders", "changed_at", 900)
    assert crm.declared.schedule == "0 6 * * *"
    assert shop.feeds["orders"].overlap_steps == 1000
    assert [one.name for one in choose([crm, shop], ["shop"], room.file)] == ["shop"]
    with pytest.raises(NotThereError, match=r"no source 'x' .* Use one of crm, shop\."):
        choose([crm, shop], ["x"], room.file)


def test_the_example_is_valid() -> None:
    from tests.sources.source_room import CONTRACTS, ZONE  # noqa: PLC0415  # nothing else here needs them

    path = PROJECT_DIR / "sources.example.yml"
    found = read_sources(path, CONTRACTS, ZONE)
    declared = yaml.safe_load(path.read_text(encoding="utf-8"))["sources"]
    assert [one.name for one in found] == [one["name"] for one in declared]
    assert found[0].feeds["orders"].overlap_seconds == timedelta(minutes=30).total_seconds()
