"""A load is whole or not there; raw reads as the contract says, whatever an old load lacks."""

from dataclasses import replace

import duckdb
import pytest
from tests.landing.landing_room import CONTRACTS, ORDERS, Room, order_lines

from retention.landing import commit, committed_loads, raw_relation_sql, withdraw
from retention.landing.contracts import Column


class PowerFailure(BaseException):
    """What no handler expects."""


def names_in_raw(room: Room) -> set[str]:
    return {path.relative_to(room.home.raw).as_posix() for path in room.home.raw.rglob("*")}


@pytest.mark.parametrize("step", ["write_rows", "write_manifest", "commit"])
def test_a_run_that_dies_leaves_no_half_load_and_the_next_one_loads_all(
    room: Room, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    room.put_orders()
    room.put("customers/c.csv", "customer_id,name\nC1,Ann\n")
    with monkeypatch.context() as patched:

        def die(*_: object) -> None:
            raise PowerFailure

        patched.setattr(commit.Pending, step, die)
        with pytest.raises(PowerFailure):
            room.land()
    assert committed_loads(room.home) == []
    assert room.rows("orders") == []
    assert len(room.land().loads) == 2
    assert not [name for name in names_in_raw(room) if ".tmp-" in name]
    assert len(list(room.home.vault.glob("customers/*"))) == 1


def test_a_run_that_dies_between_two_commits_leaves_whole_loads(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    room.put_orders()
    room.put("customers/c.csv", "customer_id,name\nC1,Ann\n")
    committing = commit.Pending.commit

    def die_before_orders(pending: commit.Pending) -> None:
        if pending.contract.entity == "orders":
            raise PowerFailure
        committing(pending)

    with monkeypatch.context() as patched:
        patched.setattr(commit.Pending, "commit", die_before_orders)
        with pytest.raises(PowerFailure):
            room.land()
    assert [load["entity"] for load in committed_loads(room.home)] == ["customers"]
    report = room.land()
    assert [load["entity"] for load in report.loads] == ["orders"]
    assert [load["load_seq"] for load in committed_loads(room.home)] == [1, 2]


def test_a_vault_part_whose_load_is_away_is_kept(room: Room) -> None:
    orphan = room.home.vault / "customers" / "load=dead"
    orphan.mkdir(parents=True)
    room.put_orders()
    room.land()
    assert orphan.exists(), "personal data exist nowhere else"


def test_a_load_holds_its_three_files_and_counts_on(room: Room) -> None:
    room.put_orders(name="a.csv")
    room.land()
    room.put_orders(name="b.csv", count=105)
    room.land()
    first, second = committed_loads(room.home)
    assert (first["load_seq"], second["load_seq"]) == (1, 2)
    folder = room.home.raw / "orders" / f"load={second['load_id']}"
    assert {path.name for path in folder.iterdir()} == {"part.parquet", "quarantine.parquet", "manifest.json"}
    assert [seq for (seq,) in room.rows("orders", "distinct _load_seq", "_load_seq")] == [1, 2]


def test_part_files_have_the_columns_and_types_of_the_contract(room: Room) -> None:
    room.put_orders()
    room.put("customers/c.csv", "customer_id,name\nC1,Ann\n")
    room.land()
    for entity in ("orders", "customers"):
        (part,) = room.home.raw.glob(f"{entity}/*/part.parquet")
        described = duckdb.sql(f"describe from read_parquet('{part}', hive_partitioning = false)").fetchall()
        assert [(name, kind) for name, kind, *_ in described] == list(CONTRACTS[entity].raw_columns)


def test_an_entity_without_loads_reads_as_no_rows_of_the_right_types(room: Room) -> None:
    for contract in CONTRACTS.values():
        described = duckdb.sql(f"describe {raw_relation_sql(room.home, contract)}").fetchall()
        assert [(name, kind) for name, kind, *_ in described] == list(contract.raw_columns)
        assert room.rows(contract.entity) == []


def test_a_column_that_older_loads_do_not_have_reads_as_null(room: Room) -> None:
    room.put_orders()
    room.land()
    newer = Column("weight", "DECIMAL(18,3)", "number", "Weight in kg.")
    contract = replace(CONTRACTS["orders"], columns=(*CONTRACTS["orders"].columns, newer))
    room.contracts = {**CONTRACTS, "orders": contract}
    assert room.rows("orders", "distinct weight", "1") == [(None,)]
    room.put("orders/new.csv", ORDERS.replace("\n", ",weight\n") + "O1,C1,2024-01-01,1,completed,2.5\n")
    room.land()
    assert room.rows("orders", "count(weight), count(*)", "1") == [(1, 101)]


def test_a_relation_can_be_narrowed_to_some_loads(room: Room) -> None:
    room.put_orders(name="a.csv", count=3)
    room.land()
    room.put("orders/b.csv", ORDERS + order_lines(5, start=50))
    report = room.land()
    sql = raw_relation_sql(room.home, CONTRACTS["orders"], [report.loads[0]["load_id"]])
    assert duckdb.sql(sql).fetchall()[0][0] == "O50"
    assert len(duckdb.sql(raw_relation_sql(room.home, CONTRACTS["orders"], [])).fetchall()) == 0


def test_the_report_names_entities_that_never_came(room: Room) -> None:
    room.put_orders()
    room.put("tickets/t.csv", "ticket_id,received_at,ticket_type\nT1,2024-01-01,complaint\n")
    assert room.land().absent == sorted(CONTRACTS.keys() - {"orders", "tickets"})


def test_later_runs_need_no_new_orders(room: Room) -> None:
    path = room.put_orders()
    room.land()
    path.unlink()
    room.put("products/p.csv", "product_id\nP1\n")
    assert len(room.land().loads) == 1


def test_a_withdrawn_load_is_seen_no_more_and_can_be_landed_again(room: Room) -> None:
    room.put_orders(count=30)
    room.land()
    (load,) = committed_loads(room.home)
    kept = withdraw(room.home, load["load_id"])
    assert committed_loads(room.home) == []
    assert (kept / "part.parquet").exists()
    room.land()
    assert [again["load_id"] for again in committed_loads(room.home)] == [load["load_id"]]
