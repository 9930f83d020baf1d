"""The commands `retention report` and `retention workbook`."""

from datetime import date
from typing import Annotated

import typer

from retention.console import out
from retention.options import HomeOption, day_of, settings_with
from retention.reports.workbook import write_report_workbook
from retention.reports.writing import write_report

app = typer.Typer(
    no_args_is_help=True,
    help="Reports of a release, English and Chinese, as pages (.html) and as Markdown, in HOME/reports/KIND/DAY/.",
)
AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="YYYY-MM-DD",
        help="Of this day's release or month's closing on disk. Default: the published release.",
    ),
]


@app.command(epilog="Example: retention report daily --home data")
def daily(home: HomeOption = None, as_of: AsOfOption = None) -> None:
    """Write the daily report (客户留存日报): board, warning list, missing data, failed checks."""
    _write("daily", home, as_of)


@app.command(name="churn-brief", epilog="Example: retention report churn-brief --as-of 2025-06-30")
def churn_brief(home: HomeOption = None, as_of: AsOfOption = None) -> None:
    """Write why customers left (流失原因分析简报): the newest week that is over, by reason, with the customers."""
    _write("churn-brief", home, as_of)


@app.command(epilog="Example: retention report execution")
def execution(home: HomeOption = None, as_of: AsOfOption = None) -> None:
    """Write the progress of execution (执行进度看板): contacts planned and made this month, and what is overdue."""
    _write("execution", home, as_of)


@app.command(epilog="Example: retention report touches --as-of 2025-06-29")
def touches(home: HomeOption = None, as_of: AsOfOption = None) -> None:
    """Write the contacts of the as-of day's week (触达周报): what went out, what came back, who was left out."""
    _write("touches", home, as_of)


@app.command(epilog="Example: retention report monthly --as-of 2025-06-30")
def monthly(home: HomeOption = None, as_of: AsOfOption = None) -> None:
    """Write the monthly health report: health of the programme, targets missed, tiers, retention, churn, revenue."""
    _write("monthly", home, as_of)


@app.command(epilog="Example: retention report quarterly --as-of 2025-06-30")
def quarterly(home: HomeOption = None, as_of: AsOfOption = None) -> None:
    """Write the quarterly review: tier changes, targets, the short-term plan, proposals for next quarter's budget."""
    _write("quarterly", home, as_of)


@app.command(name="half-year", epilog="Example: retention report half-year --as-of 2025-06-30")
def half_year(home: HomeOption = None, as_of: AsOfOption = None) -> None:
    """Write the half-yearly review: the long-term plan, customer value, community, satisfaction."""
    _write("half-year", home, as_of)


def register(root: typer.Typer) -> None:
    """Add the group `report` and the command `workbook`."""
    root.add_typer(app, name="report")

    @root.command(epilog="Example: retention workbook --home data --as-of 2025-06-30")
    def workbook(home: HomeOption = None, as_of: AsOfOption = None) -> None:
        """Write the workbook of a release in English and Chinese: 客户信息总表, 表1 to 表7, and the cohorts.

        HOME/reports/workbook/DAY/retention-DAY-en.xlsx and -zh.xlsx. Customers stand by their ID, without personal
        fields. The same release gives the same files.
        """
        for path in write_report_workbook(settings_with(home=home).home_path, _day(as_of), say=_say):
            out.print(f"written: {path}", markup=False)


def _write(kind: str, home: HomeOption, as_of: str | None) -> None:
    out.print(f"written: {write_report(settings_with(home=home).home_path, kind, _day(as_of))}", markup=False)


def _day(as_of: str | None) -> date | None:
    return day_of(as_of, "--as-of") if as_of else None


def _say(line: str) -> None:
    out.print(f"  {line}", markup=False)
