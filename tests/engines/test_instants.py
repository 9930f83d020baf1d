"""Both engines turn the wall's clock into UTC alike, in nights that are an hour short or long too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import duckdb
import pytest
from jinja2 import Environment

from retention.errors import SettingsError
from retention.settings import PROJECT_DIR
from retention.warehouse.java import find_java

if TYPE_CHECKING:
    from pathlib import Path

ZONES = {
    "Asia/Shanghai": ["2024-05-14 10:00:00"],
    "Europe/Berlin": ["2024-03-31 02:30:00", "2024-10-27 02:30:00"],
    "America/New_York": ["2024-03-10 02:00:00", "2024-11-03 01:00:00"],
    "Australia/Sydney": ["2024-10-06 02:00:00", "2024-04-07 02:30:00"],
}
SPARK = """
import json, sys
from pyspark.sql import SparkSession
session = (
    SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    .config("spark.sql.session.timeZone", "UTC").config("spark.sql.timestampType", "TIMESTAMP_NTZ")
    .config("spark.sql.ansi.enabled", "true").getOrCreate()
)
print(json.dumps([[*row] for row in session.sql(sys.stdin.read()).collect()]))
"""


def question(engine: str) -> str:
    """A query for micros in UTC, and back to the wall's clock, of minutes around each change of the clock."""
    text = (PROJECT_DIR / "dbt_project" / "macros" / "engine" / "durations.sql").read_text(encoding="utf-8")
    macros = Environment(autoescape=False).from_string(text).module  # noqa: S701  # SQL, no page
    around = [
        (zone, datetime.fromisoformat(near) + timedelta(minutes=7 * n))
        for zone, nears in ZONES.items()
        for near in nears
        for n in range(-20, 21)
    ]
    rows = ", ".join(f"('{zone}', timestamp '{moment}')" for zone, moment in around)
    micros = getattr(macros, f"{engine}__utc_micros")("shown", "zone")
    back = getattr(macros, f"{engine}__shown_instant")("micros", "zone")
    return (
        f"select zone, cast(shown as string) as text, micros, cast({back} as string) as back from "
        f"(select *, {micros} as micros from (values {rows}) as t(zone, shown)) as turned order by zone, text"
    )


def test_both_engines_read_the_clocks_on_the_wall_alike(tmp_path: Path) -> None:
    if not os.environ.get("CI"):
        try:
            find_java()
        except SettingsError as error:
            pytest.skip(str(error))
    asked = subprocess.run(
        [sys.executable, "-c", SPARK],
        input=question("spark"),
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert asked.returncode == 0, asked.stderr[-2000:]
    told = [tuple(row) for row in json.loads(asked.stdout.splitlines()[-1])]
    assert len(told) > 200
    assert duckdb.sql(question("duckdb")).fetchall() == told
