"""A release is whole, sealed, and swapped in one step; a rollback trusts no file that has changed."""

import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from retention.errors import NotThereError, PublicationError
from retention.publication.audit import describe
from retention.publication.release import (
    candidate_hashes,
    commit_release,
    present_release,
    releases,
    rollback,
    write_release,
)
from retention.runs import Home, Run
from retention.warehouse.candidate import open_warehouse


def candidate_with(run: Run, value: int) -> dict[str, Any]:
    """A candidate with one result table, one private table and the record of a passed audit."""
    run.folder.mkdir(parents=True, exist_ok=True)
    for file in (run.candidate, run.candidate_marts):
        file.unlink(missing_ok=True)
    with open_warehouse(run.folder, read_only=False) as connection:
        connection.execute("create schema intermediate")
        connection.execute(f"create table marts.customer_rfm as select {value} as customer_id, 1.5 as rfm_score")
        connection.execute("create table intermediate.int_secret as select 'not for readers' as text")
    return {"passed": True, "sha256": candidate_hashes(run)}


Release = Callable[..., Path]


@pytest.fixture
def release(new_run: Callable[[str], Run]) -> Release:
    """Releases a run whose result table holds one value."""

    def build_and_release(run_id: str, value: int, keep: int = 7) -> Path:
        run = new_run(run_id)
        return commit_release(run, write_release(run, candidate_with(run, value), {}), keep)

    return build_and_release


def read(path: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path.resolve()), read_only=True) as connection:
        return connection.execute("select customer_id from marts.customer_rfm").fetchall()


def test_readers_get_the_result_tables_and_nothing_else(home: Home, release: Release) -> None:
    release("run-1", 1)
    with duckdb.connect(str(home.published / "retention.duckdb"), read_only=True) as connection:
        tables = connection.execute("select table_schema, table_name from information_schema.tables").fetchall()
    assert tables == [("marts", "customer_rfm")]


def test_descriptions_travel_into_the_file(new_run: Callable[[str], Run]) -> None:
    run = new_run("run-1")
    candidate_with(run, 1)
    with open_warehouse(run.folder, read_only=False) as connection:
        describe(connection, "customer_rfm", {"": "One row.", "rfm_score": "R5."})
    with duckdb.connect(str(run.candidate_marts), read_only=True) as connection:
        assert connection.execute("select comment from duckdb_tables()").fetchall() == [("One row.",)]
        comments = connection.execute("select column_name, comment from duckdb_columns() where not internal").fetchall()
    assert ("rfm_score", "R5.") in comments


def test_published_files_are_read_only(release: Release) -> None:
    folder = release("run-1", 1)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {"retention.duckdb": 0o444, "warehouse.duckdb": 0o444, "manifest.json": 0o444}


def test_a_second_release_turns_the_pointer_and_keeps_the_first(home: Home, release: Release) -> None:
    first = release("run-1", 1)
    release("run-2", 2)
    assert present_release(home) == "run-2"
    assert read(home.published / "retention.duckdb") == [(2,)]
    assert read(first / "retention.duckdb") == [(1,)]


def test_a_reader_keeps_its_open_file_when_the_pointer_turns(home: Home, release: Release) -> None:
    release("run-1", 1)
    with duckdb.connect(str((home.published / "retention.duckdb").resolve()), read_only=True) as reader:
        release("run-2", 2)
        assert reader.execute("select customer_id from marts.customer_rfm").fetchall() == [(1,)]


def test_a_candidate_that_changed_since_its_audit_is_not_released(home: Home, new_run: Callable[[str], Run]) -> None:
    run = new_run("run-1")
    audit = candidate_with(run, 1)
    with duckdb.connect(str(run.candidate_marts)) as connection:
        connection.execute("insert into marts.customer_rfm values (2, 0.0)")
    with pytest.raises(PublicationError, match="has changed since its audit"):
        write_release(run, audit, {})
    assert present_release(home) is None


def test_a_candidate_that_failed_its_audit_is_not_released(new_run: Callable[[str], Run]) -> None:
    run = new_run("run-1")
    with pytest.raises(PublicationError, match="has not passed its audit"):
        write_release(run, candidate_with(run, 1) | {"passed": False}, {})


def test_a_damaged_candidate_is_not_released_even_when_its_hash_fits(
    home: Home, release: Release, new_run: Callable[[str], Run]
) -> None:
    run = new_run("run-1")
    release("run-0", 0)
    candidate_with(run, 1)
    with duckdb.connect(str(run.candidate_marts)) as connection:
        connection.execute(
            "create table marts.fct_orders as select md5(cast(range as varchar)) as order_id from range(500000)"
        )
        connection.execute("checkpoint")
    content = bytearray(run.candidate_marts.read_bytes())
    for at in range(len(content) // 2, len(content) // 2 + 4096):
        content[at] ^= 0xFF
    run.candidate_marts.write_bytes(content)
    with pytest.raises(PublicationError, match="cannot be read to the end"):
        write_release(run, {"passed": True, "sha256": candidate_hashes(run)}, {})
    assert present_release(home) == "run-0"


def test_a_table_that_is_not_for_readers_is_never_released(new_run: Callable[[str], Run]) -> None:
    run = new_run("run-1")
    candidate_with(run, 1)
    with duckdb.connect(str(run.candidate_marts)) as connection:
        connection.execute("create schema staging; create table staging.stg_customers as select 1 as customer_id")
    with pytest.raises(PublicationError, match=r"staging\.stg_customers"):
        write_release(run, {"passed": True, "sha256": candidate_hashes(run)}, {})


def test_publishing_a_published_candidate_again_changes_nothing(home: Home, new_run: Callable[[str], Run]) -> None:
    run = new_run("run-1")
    audit = candidate_with(run, 1)
    folder = commit_release(run, write_release(run, audit, {}), 7)
    assert commit_release(run, write_release(run, audit, {}), 7) == folder
    assert len(releases(home)) == 1


def test_a_run_that_is_built_again_gets_a_release_of_its_own(home: Home, release: Release) -> None:
    release("run-1", 1)
    again = release("run-1", 5)
    assert again.name == "run-1.2"
    assert read(home.published / "retention.duckdb") == [(5,)]


def test_rollback_goes_to_the_release_before(home: Home, release: Release) -> None:
    release("run-1", 1)
    release("run-2", 2)
    assert rollback(home, None) == "run-1"
    assert read(home.published / "retention.duckdb") == [(1,)]


def test_rollback_before_the_first_release_says_what_to_do(home: Home, release: Release) -> None:
    release("run-1", 1)
    with pytest.raises(
        NotThereError, match=r"Readers saw no release before run-1\. List the releases with: retention status"
    ):
        rollback(home, None)


def test_rollback_refuses_files_that_are_not_those_published(home: Home, release: Release) -> None:
    first = release("run-1", 1)
    release("run-2", 2)
    file = first / "retention.duckdb"
    file.chmod(0o644)
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(PublicationError, match="is not the file that was published"):
        rollback(home, "run-1")
    assert present_release(home) == "run-2"


def test_old_releases_are_dropped_but_never_the_present_one(home: Home, release: Release) -> None:
    for number in range(1, 5):
        release(f"run-{number}", number, keep=2)
    assert [one["release_id"] for one in releases(home)] == ["run-4", "run-3"]
    rollback(home, "run-3")
    release("run-5", 5, keep=2)
    assert {one["release_id"] for one in releases(home)} == {"run-5", "run-4"}


def test_readers_of_a_later_day_are_not_turned_back_by_a_backfill(home: Home, new_run: Callable[[str], Run]) -> None:
    later = new_run("run-1")
    commit_release(later, write_release(later, candidate_with(later, 1), {}), 7)
    older = replace(new_run("run-2"), as_of=date(2023, 12, 31))
    folder = commit_release(older, write_release(older, candidate_with(older, 2), {}), 7, only_forward=True)
    assert present_release(home) == "run-1"
    assert read(folder / "retention.duckdb") == [(2,)]
    same_day = new_run("run-3")
    commit_release(same_day, write_release(same_day, candidate_with(same_day, 3), {}), 7, only_forward=True)
    assert present_release(home) == "run-3"


def test_rolling_back_twice_goes_two_releases_back(home: Home, release: Release) -> None:
    for number in (1, 2, 3):
        release(f"run-{number}", number)
    assert [rollback(home, None), rollback(home, None)] == ["run-2", "run-1"]
    with pytest.raises(NotThereError):
        rollback(home, None)


def test_rollback_undoes_what_readers_saw_not_what_was_released_aside(
    home: Home, release: Release, new_run: Callable[[str], Run]
) -> None:
    release("run-1", 1)
    aside = replace(new_run("backfill"), as_of=date(2023, 6, 30))
    commit_release(aside, write_release(aside, candidate_with(aside, 9), {}), 7, only_forward=True)
    release("run-2", 2)
    assert rollback(home, None) == "run-1"


def test_a_backfill_pushes_out_no_day_that_readers_may_want_back(home: Home, new_run: Callable[[str], Run]) -> None:
    for number in range(1, 7):
        day = date(2024, 1, 30 + number) if number < 2 else date(2023, 1, number)
        run = replace(new_run(f"run-{number}"), as_of=day)
        commit_release(run, write_release(run, candidate_with(run, number), {}), 2, only_forward=True)
    kept = {one["release_id"] for one in releases(home)}
    assert "run-1" in kept, "the day that readers see"
    assert {"run-5", "run-6"} <= kept, "the newest"
    assert "run-2" not in kept
