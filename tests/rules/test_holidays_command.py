"""`retention holidays`: rows of the seed from the library, countries that are there, years that can still change."""

from __future__ import annotations

import csv
from datetime import date
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from retention.cli import app
from retention.errors import SettingsError
from retention.settings import load_settings
from retention.working_days import SEED, not_announced, write_holidays

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OWN = "works,2024-07-01,Summer break,false"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """A project whose seed has a calendar of the company's own, and a stale row of China."""
    seed = tmp_path / SEED
    seed.parent.mkdir(parents=True)
    header = "holiday_calendar,holiday_on,name,is_working_day"
    seed.write_text(f"{header}\n{OWN}\nCN,2024-03-08,Stale,false\nCN,2019-01-01,Kept,false\n", encoding="utf-8")
    yield tmp_path
    load_settings.cache_clear()


def rows_of(project: Path) -> list[list[str]]:
    with (project / SEED).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def test_a_countrys_years_are_replaced_and_all_else_stays(project: Path) -> None:
    count = write_holidays(project, "CN", 2024, 2024)
    rows = rows_of(project)
    assert rows == sorted(rows)
    assert OWN.split(",") in rows
    assert ["CN", "2019-01-01", "Kept", "false"] in rows
    written = [row for row in rows if row[0] == "CN" and row[1] > "2024"]
    assert len(written) == count
    assert ["CN", "2024-03-08", "Stale", "false"] not in rows
    assert ["CN", "2024-04-07", "Make-up working day", "true"] in written
    assert any(row[1] == "2024-10-01" and row[3] == "false" for row in written)


@pytest.mark.parametrize(
    ("country", "named"),
    [
        ("ZZ", ("ZW (Zimbabwe)",)),
        ("chinna", ("CN (China)",)),
        ("DE-BX", ("DE-BY", "DE-BE")),
        ("CN-XX", ("Write CN alone.",)),
    ],
)
def test_a_country_that_is_not_known_is_told_with_the_nearest_few(
    project: Path, country: str, named: tuple[str, ...]
) -> None:
    with pytest.raises(SettingsError, match="No holidays are known of") as told:
        write_holidays(project, country, 2024, 2024)
    assert all(one in str(told.value) for one in named), told.value
    assert "retention holidays list" in str(told.value)
    assert len(str(told.value)) < 200


def test_years_out_of_reach_and_a_project_without_the_seed_are_refused(project: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="2024 to 2023 are no years"):
        write_holidays(project, "CN", 2024, 2023)
    with pytest.raises(SettingsError, match="RETENTION_PROJECT_DIR"):
        write_holidays(tmp_path / "elsewhere", "CN", 2024, 2024)


def test_years_whose_make_up_days_are_not_out_are_told() -> None:
    assert not_announced("CN", 2023, 2024, date(2024, 6, 1)) == []
    assert not_announced("CN", 2024, 2099, date(2024, 6, 1))[-1] == 2099
    assert not_announced("DE", 2024, 2027, date(2024, 6, 1)) == [2026, 2027], "no days are made up for: the law stands"


def test_the_command_writes_warns_and_lists(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETENTION_PROJECT_DIR", str(project))
    load_settings.cache_clear()
    done = CliRunner().invoke(app, ["holidays", "write", "--country", "CN", "--from", "2024", "--to", "2024"])
    assert (done.exit_code, "warning" in done.output) == (0, False), done.output
    assert "days of CN" in done.output
    ahead = CliRunner().invoke(app, ["holidays", "write", "--country", "CN", "--from", "2090", "--to", "2091"])
    assert ahead.exit_code == 0
    assert "warning: the holidays of 2090 to 2091 are not announced yet" in ahead.output
    listed = CliRunner().invoke(app, ["holidays", "list"]).output.splitlines()
    assert "CN  China" in listed
    assert any(line.startswith("DE  Germany (") for line in listed)
    assert "DE-BY" in CliRunner().invoke(app, ["holidays", "list", "--country", "DE"]).output.splitlines()
