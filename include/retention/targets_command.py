"""The command `retention targets`."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from retention.console import print_json, print_rows, shown
from retention.languages import LANGUAGES
from retention.options import HomeOption, day_of, settings_with
from retention.publication.chosen_release import find_release
from retention.runs import Home
from retention.target_list import STATUSES, Wanted, empty_plans, list_targets

TITLES = {"en": "targets, each with its newest period that is over", "zh": "目标与实际（各取最近已结束的周期）"}
HEADS = {
    "en": ("scheme", "tier", "metric", "period", "target", "actual", "n", "gap in points", "status", "owner"),
    "zh": ("分层体系", "层级", "指标", "周期", "目标", "实际", "样本数", "差距（点）", "状态", "负责人"),
}
MISSED = ("alarm", "warning", "behind")
NONE_MISSED = {"en": "No target is missed.", "zh": "没有未达成的目标。"}
SIGNS = {"at_least": "≥", "at_most": "≤"}


def register(app: typer.Typer, out: Console) -> None:
    """Add the command."""

    @app.command(epilog="Example: retention targets --status alarm --status warning --language zh")
    def targets(
        scheme: Annotated[
            str | None, typer.Option("--scheme", help="Tier scheme; all: of the whole company. Default: every target.")
        ] = None,
        status: Annotated[
            list[str] | None,
            typer.Option("--status", help=f"{', '.join(STATUSES)}; repeat it. Default: all."),
        ] = None,
        language: Annotated[str, typer.Option("--language", help="Language of heads and names: en or zh.")] = "en",
        home: HomeOption = None,
        write: Annotated[
            bool,
            typer.Option("--write", help="Write those that are missed into HOME/reports/targets/DAY/, en and zh."),
        ] = False,
        as_of: Annotated[
            str | None,
            typer.Option(
                "--as-of",
                metavar="YYYY-MM-DD",
                help="Of this day's release or closing. Default: the published one.",
            ),
        ] = None,
        as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    ) -> None:
        """Show every target beside what was reached and who answers for it, the worst first.

        From the published release, with exit code 0 whatever was reached. n is how many customers, tickets or answers
        the actual is of; below target_min_count it is not judged (too_few). Of one status the greatest miss comes
        first. Targets are rows of seeds/targets.csv; the periods before stand in the table target_tracking.
        """
        place = settings_with(home=home).home_path
        day = day_of(as_of, "--as-of") if as_of else None
        if write:
            for path in write_missed(place, Wanted(scheme, tuple(status or MISSED)), day):
                out.print(f"written: {path}", markup=False)
            return
        rows = list_targets(place, Wanted(scheme, tuple(status or ())), language, day)
        if as_json:
            print_json(rows)
        else:
            print_rows(out, TITLES[language], [_line(row, language) for row in rows], language)
            for empty in empty_plans(place, day):
                out.print(f"note: {empty}. docs/guides/rules.md shows how.", markup=False)


def write_missed(home: Home, wanted: Wanted, as_of: date | None = None) -> list[Path]:
    """Write the targets of these statuses as Markdown, English and Chinese, into `HOME/reports/targets/<as-of>/`."""
    day = find_release(home, as_of).as_of
    folder = home.reports / "targets" / str(day)
    paths = []
    for language in LANGUAGES:
        rows = [_line(row, language) for row in list_targets(home, wanted, language, as_of)]
        heads = HEADS[language]
        lines = [heads, ["---"] * len(heads), *([_cell(row[head]) for head in heads] for row in rows)]
        table = "\n".join("| " + " | ".join(line) + " |" for line in lines) if rows else NONE_MISSED[language]
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"targets-{language}.md"
        path.write_text(f"# {day}: {TITLES[language]}\n\n{table}\n", encoding="utf-8")
        paths.append(path)
    return paths


def _cell(value: object) -> str:
    return shown(value).replace("|", "\\|")


def _line(row: dict[str, Any], language: str) -> dict[str, Any]:
    """A target as people read it; why there is no actual stands in its place."""
    is_day = row["period_start"] == row["period_end"]
    period = str(row["period_end"]) if is_day else f"{row['period_start']} – {row['period_end']}"
    missing = row["missing_reason_name"] or row["missing_reason"]
    # In English the codes that --scheme takes; --json has both.
    scheme, tier = ("scheme", "tier") if language == "en" else ("scheme_name", "tier_name")
    cells = (
        row[scheme],
        row[tier],
        row["metric_name"] or row["metric"],
        period,
        f"{SIGNS[row['direction']]} {_told(row['target'], row['unit'])}",
        missing if row["actual"] is None else _told(row["actual"], row["unit"]),
        row["denominator"],
        None if row["gap"] is None else _figure(row["gap"], row["unit"]),
        row["status_name"] or row["status"],
        row["owner_name"],
    )
    return dict(zip(HEADS[language], cells, strict=True))


def _told(value: float, unit: str) -> str:
    """A target or an actual in its own unit; a rate as percent."""
    return f"{_figure(100 * float(value), unit)} %" if unit == "rate" else _figure(value, unit)


def _figure(value: float, unit: str) -> str:
    """A figure as it is read, of a rate percents or percentage points to a tenth."""
    return f"{round(float(value), 1):g}" if unit == "rate" else f"{value:.4g}"
