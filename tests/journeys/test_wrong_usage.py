"""What a user reads after a wrong option or setting: one line, a remedy, an exit code, never a traceback."""

from pathlib import Path

import pytest
from tests.journeys.conftest import Company

CASES = {
    "unknown profile": (
        ["run", "--profile", "bakery"],
        {},
        2,
        "error: Profile 'bakery' is unknown. Use one of default_b2b, retail, cdnow, rfm_package, or add rows for it to "
        "dbt_project/seeds.",
    ),
    "as-of that is no day": (
        ["run", "--as-of", "31.12.2024"],
        {},
        2,
        "error: --as-of 31.12.2024 is no day. Write it as YYYY-MM-DD, for example 2018-01-01.",
    ),
    "as-of before the first order": (
        ["load", "--as-of", "2001-01-01"],
        {},
        2,
        "error: As-of 2001-01-01 lies before the first order, of 2023-01-05. Choose a day from 2023-01-05 on.",
    ),
    "wrong time zone": (
        ["status"],
        {"RETENTION_TIMEZONE": "Mars/Base"},
        2,
        "error: RETENTION_TIMEZONE is 'Mars/Base': no time zone of this name. Correct it in the environment, .env or "
        "retention.toml.",
    ),
    "threads that are no number": (
        ["status"],
        {"RETENTION_THREADS": "many"},
        2,
        "error: RETENTION_THREADS is 'many': input should be a valid integer, unable to parse string as an integer. "
        "Correct it in the environment, .env or retention.toml.",
    ),
    "wrong project folder": (
        ["run"],
        {"RETENTION_PROJECT_DIR": "/nowhere"},
        2,
        "error: No contract in /nowhere/expectations/contracts. Point RETENTION_PROJECT_DIR at the project's folder.",
    ),
    "unknown step": (
        ["step", "bake", "--run-id", "x"],
        {},
        2,
        "error: There is no step 'bake'. Use one of land, validate, build, audit, publish, report.",
    ),
    "run id that is no file name": (
        ["step", "land", "--run-id", "../x"],
        {},
        2,
        "error: Run id '../x' is not a file name. Use letters, digits, '.', '_', '+' and '-'.",
    ),
    "unknown sample": (
        ["sample", "tescos"],
        {},
        2,
        "error: There is no sample 'tescos'. Choose one of: completejourney, cdnow, cdnow_sample.",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_wrong_usage_is_answered_by_one_line(company: Company, case: str) -> None:
    arguments, environment, code, line = CASES[case]
    said = company.retention(*arguments, **environment)
    assert said.stderr.strip() == line
    assert said.returncode == code


def test_a_home_without_a_release_says_how_to_get_one(company: Company, tmp_path: Path) -> None:
    for command in (["explain", "C1"], ["profile", "check"], ["profile", "suggest"], ["rollback"], ["build"]):
        said = company.retention(*command, "--home", str(tmp_path / "empty"))
        assert said.returncode == 8, command
        assert said.stderr.startswith("error: ")
        assert said.stderr.count("\n") == 1


def test_help_shows_examples_and_exit_codes(company: Company) -> None:
    assert "Exit codes: 0 done" in company.retention("--help").stdout
    assert "Example: retention run --landing" in " ".join(company.retention("run", "--help").stdout.split())


def test_a_home_that_cannot_be_written_is_named(company: Company) -> None:
    said = company.retention("load", "--home", "/proc/nowhere")
    assert said.returncode == 2
    assert said.stderr.startswith("error: ")
    assert "/proc/nowhere" in said.stderr
    assert "Traceback" not in said.stderr
