"""The commands `retention program` and `retention churn`."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from retention.console import out, print_json, print_rows
from retention.options import HomeOption, JsonOption, LanguageOption, day_of, month_of, settings_with
from retention.program.churn import list_lost, list_reasons
from retention.program.health import show_health

program = typer.Typer(no_args_is_help=True, help="The retention programme as a whole: its health by month.")
churn = typer.Typer(no_args_is_help=True, help="Lost customers: why they left, and who they were.")

WeekOption = Annotated[
    str | None,
    typer.Option("--week", metavar="YYYY-MM-DD", help="Any day of the week. Default: the newest week that is over."),
]
TITLES = {"en": "programme health in {month}: {score}, {grade}", "zh": "{month} 留存健康度（表7）：{score}，{grade}"}
RUNNING = {"en": " (the month is not over)", "zh": "（当月未结束）"}
HEADS = {
    "en": ("dimension", "weight", "score", "measure", "value", "full marks at", "marks"),
    "zh": ("维度", "权重", "得分", "指标", "实际值", "满分标准", "指标得分"),
}
COVERED = {"en": "measures with data hold {share} of the weight", "zh": "有数据的指标占总权重的 {share}"}
WEAKEST = {"en": "weakest: {dimension}. {advice}.", "zh": "最短板：{dimension}。{advice}。"}
CHANGES = {
    "en": "change to the month before: {change}, most by {measure} ({points})",
    "zh": "较上月变化：{change}，主要来自{measure}（{points}）",
}
UNCHANGED = {"en": "change to the month before: {why}", "zh": "较上月变化：{why}"}
NO_CHANGE = {"en": "none", "zh": "无变化"}
REASON_TITLES = {
    "en": "customers lost from {first} to {last}: {count}, value {value}",
    "zh": "{first} 至 {last} 流失客户 {count} 位，流失价值 {value}",
}
REASON_HEADS = {
    "en": ("reason", "group", "customers", "share", "value lost", "share of value", "with the signal"),
    "zh": ("原因", "类别", "客户数", "占比", "流失价值", "价值占比", "有该信号的客户数"),
}
LOST_HEADS = {
    "en": ("customer", "lost on", "last purchase", "back on", "reason", "all signals", "value lost", "why"),
    "zh": ("客户", "流失日", "末次购买", "回流日", "主要原因", "全部信号", "流失价值", "依据"),
}


@program.callback()
def _program() -> None:
    """Keep the name of the one command."""


@churn.callback()
def _churn() -> None:
    """Keep the name of the one command."""


@program.command(epilog="Example: retention program show --month 2024-03 --language zh")
def show(
    month: Annotated[
        str | None, typer.Option("--month", metavar="YYYY-MM", help="Default: the newest month that is over.")
    ] = None,
    language: LanguageOption = "en",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the programme's health: score, grade, dimensions with their measures, and what is advised.

    From the published release. Excellent begins at 80, good at 60 (program_excellent_from, program_good_from). A
    measure without data is left out and says why; its weight is shared out over the others. Weights and full marks are
    rows of seeds/program_dimensions.csv and seeds/program_measures.csv.
    """
    day = None if month is None else month_of(month, "--month")
    found = show_health(settings_with(home=home).home_path, day, language)
    if as_json:
        print_json(found)
        return
    title = TITLES[language].format(
        month=f"{found['month']:%Y-%m}",
        score=found["missing_reason_name"] if found["score"] is None else f"{found['score']:.2f}",
        grade=found["grade_name"] or "-",
    )
    rows = [row for dimension in found["dimensions"] for row in _measures(dimension, language)]
    print_rows(out, title + ("" if found["is_complete"] else RUNNING[language]), rows, language)
    if found["score"] is not None:
        weakest, advice = found["weakest_dimension_name"], found["advice_name"]
        if found["known_share"] < 1:
            out.print(COVERED[language].format(share=f"{100 * found['known_share']:.0f} %"), markup=False)
        out.print(WEAKEST[language].format(dimension=weakest, advice=advice), markup=False)
        out.print(_change(found, language), markup=False)


@churn.command(epilog="Example: retention churn reasons --week 2024-03-11 --customers")
def reasons(
    week: WeekOption = None,
    customers: Annotated[bool, typer.Option("--customers", help="List the lost customers one by one.")] = False,
    reason: Annotated[
        str | None, typer.Option("--reason", help="With --customers: those of one main reason. Default: all.")
    ] = None,
    language: LanguageOption = "en",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show why customers were lost in a week: by survey, service record and behaviour, with the value lost.

    From the published release. Each customer has one main reason, the first by priority of
    seeds/churn_reason_rules.csv; "with the signal" counts it for every signal it had. Value is the revenue of the 12
    months up to the last purchase.
    """
    place = settings_with(home=home).home_path
    day = day_of(week, "--week") if week else None
    if customers or reason:
        lost = list_lost(place, day, reason, language)
        if as_json:
            print_json(lost)
        else:
            print_rows(out, _lost_title(list_reasons(place, day, language), language), _lost(lost, language), language)
        return
    rows = list_reasons(place, day, language)
    if as_json:
        print_json(rows)
    else:
        print_rows(out, _lost_title(rows, language), [_reason(row, language) for row in rows], language)


def _measures(dimension: dict[str, Any], language: str) -> list[dict[str, Any]]:
    """Rows of one dimension; its own figures stand in the first."""
    rows = []
    for place, measure in enumerate(dimension["measures"]):
        score = dimension["score"]
        own = (dimension["name"], f"{dimension['weight']:g}", "-" if score is None else f"{score:.2f}")
        cells = (
            *(own if place == 0 else ("", "", "")),
            measure["name"],
            measure["missing_reason_name"] if measure["value"] is None else f"{measure['value']:.4g}",
            f"{measure['full_mark']:g}",
            None if measure["marks"] is None else f"{measure['marks']:.1f}",
        )
        rows.append(dict(zip(HEADS[language], cells, strict=True)))
    return rows


def _change(found: dict[str, Any], language: str) -> str:
    change = found["score_change"]
    if change is None:
        return UNCHANGED[language].format(why=found["change_missing_reason_name"])
    if found["moved_by"] is None:
        return UNCHANGED[language].format(why=NO_CHANGE[language])
    points = f"{found['moved_by_points']:+.2f}"
    return CHANGES[language].format(change=f"{change:+.2f}", measure=found["moved_by_name"], points=points)


def _lost_title(rows: list[dict[str, Any]], language: str) -> str:
    week = rows[0]["week_start"]
    return REASON_TITLES[language].format(
        first=week,
        last=min(week + timedelta(days=6), rows[0]["as_of_date"]),
        count=f"{sum(row['lost_customers'] for row in rows):,}",
        value=f"{sum(row['value_lost'] for row in rows):,.2f}",
    )


def _reason(row: dict[str, Any], language: str) -> dict[str, Any]:
    cells = (
        row["reason_name"],
        row["reason_group_name"],
        row["lost_customers"],
        _percent(row["customer_share"]),
        row["value_lost"],
        _percent(row["value_share"]),
        row["signalled_customers"],
    )
    return dict(zip(REASON_HEADS[language], cells, strict=True))


def _lost(rows: list[dict[str, Any]], language: str) -> list[dict[str, Any]]:
    names = ("customer_id", "churned_on", "last_purchase_on", "came_back_on", "reason_name", "signals", "value_lost")
    return [
        dict(zip(LOST_HEADS[language], (*(row[name] for name in names), row["explanation"]), strict=True))
        for row in rows
    ]


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{100 * share:.1f} %"
