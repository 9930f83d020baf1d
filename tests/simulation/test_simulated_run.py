"""From nothing to published tables of a simulated company, by the command line."""

import json
from pathlib import Path

import duckdb
import pytest
from tests.reports.workbook_figures import check_figures, found_in, personal_values
from typer.testing import CliRunner

from retention.cli import app
from retention.reports.declared import KINDS

ENTITIES = 18


@pytest.mark.slow
@pytest.mark.parametrize(("flavour", "profile"), [("retail", "retail"), ("b2b", "default_b2b")])
def test_a_simulated_company_is_published_and_says_that_it_is_synthetic(
    tmp_path: Path, flavour: str, profile: str
) -> None:
    landing, home = tmp_path / "landing", tmp_path / "home"
    size = ["--customers", "150", "--months", "4", "--seed", "3", "--flavour", flavour]
    said = CliRunner().invoke(app, ["simulate", *size, "--landing", str(landing)], catch_exceptions=False).output
    assert "SYNTHETIC DATA" in said
    assert str(tmp_path / "truth") in said
    run = ["run", "--landing", str(landing), "--home", str(home), "--profile", profile]
    printed = CliRunner().invoke(app, run, catch_exceptions=False).output
    assert "SYNTHETIC DATA" in printed
    summary = json.loads(next(home.glob("reports/*/summary.json")).read_text(encoding="utf-8"))
    assert summary["is_synthetic"] is True
    assert "SYNTHETIC DATA" in Path(summary["summary"]).read_text(encoding="utf-8")
    assert json.loads((home / "published" / "manifest.json").read_text(encoding="utf-8"))["is_synthetic"] is True
    with duckdb.connect(str(home / "published" / "retention.duckdb"), read_only=True) as tables:
        ((orders, revenue),) = tables.execute("select count(*), sum(net_amount) from marts.fct_orders").fetchall()
        ((told,),) = tables.execute(
            "select passed from marts.data_quality where \"check\" = 'synthetic_data'"
        ).fetchall()
        ((critical, unasked),) = tables.execute("""
            select count(*) filter (severity = 'critical'), count(*) filter (observed like 'not evaluated%')
            from marts.data_quality where not passed""").fetchall()
    delivered = duckdb.sql(f"""
        select count(distinct order_id) from '{landing}/orders/*.parquet' where order_id like 'O%'""").fetchall()
    assert [(orders,)] == delivered
    assert revenue > 0
    assert told is False
    assert (critical, unasked) == (0, 0), "no check blocks, and every one could be asked"
    assert len({path.parent.name for path in home.glob("raw/*/load=*")}) == ENTITIES
    for kind in KINDS:
        told_by = CliRunner().invoke(app, ["report", kind, "--home", str(home)], catch_exceptions=False)
        assert told_by.exit_code == 0, told_by.output
    assert len(list(home.glob("reports/*/*/report-zh.html"))) == len(KINDS)
    book = CliRunner().invoke(app, ["workbook", "--home", str(home)], catch_exceptions=False)
    assert book.exit_code == 0, book.output
    english, chinese = sorted(home.glob("reports/workbook/*/*.xlsx"))
    assert check_figures(home / "published" / "retention.duckdb", english) > 500
    assert found_in(english, known := personal_values(landing)) == found_in(chinese, known) == []
