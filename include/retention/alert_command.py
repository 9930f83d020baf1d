"""The commands `retention alerts`: what stands, why, what people decide about it, and what the rules are worth (W)."""

import getpass
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.cells import cell_len

from retention.alerts import AlertDesk, Decided, Wanted, export_alerts, list_alerts, list_backtest, show_alert
from retention.alerts.telling import figure
from retention.console import out, print_json, print_rows, shown
from retention.landing import load_contracts
from retention.languages import LANGUAGES
from retention.options import HomeOption, JsonOption, LanguageOption, day_of, settings_with

TITLES = {
    "alerts": {"en": "alerts that stand, the gravest first", "zh": "当前预警（按严重程度排列）"},
    "openings": {"en": "openings of the rule on the subject", "zh": "该规则对该对象的历次触发"},
    "decisions": {"en": "decisions of people", "zh": "人工决定"},
    "backtest": {"en": "alerts on customers against who then churned", "zh": "客户预警回测（与实际流失对照）"},
}
HEADS = {
    "en": ("alert", "severity", "status", "rule", "subject", "opened", "owner", "at stake", "reason"),
    "zh": ("预警编号", "级别", "状态", "规则", "对象", "触发日期", "负责人", "涉及金额", "依据"),
}
CELLS = (
    "alert_id", "severity_name", "status_name", "rule_name", "subject_told", "opened_on", "owner_name",
    "value_at_stake", "basis",
)  # fmt: skip
TOLD = {
    "alert_id": ("alert", "预警编号"), "rule_id": ("rule", "规则"), "rule_name": ("name", "预警"),
    "severity_name": ("severity", "级别"), "status_name": ("status", "状态"), "subject_name": ("about", "对象类型"),
    "subject_told": ("which", "对象"), "subject_id": ("its ID", "对象编号"), "customer_id": ("customer", "客户编号"),
    "occasion": ("occasion", "所涉事项"), "opened_on": ("opened", "触发日期"),
    "last_seen_on": ("last seen", "最近日期"),
    "critical_on": ("critical since", "升为严重"), "news_name": ("news", "最新变化"), "new_on": ("news on", "变化日期"),
    "closed_on": ("closed", "关闭日期"), "close_reason_name": ("why closed", "关闭原因"),
    "snoozed_until": ("snoozed until", "暂停至"), "times_reopened": ("times reopened", "再次触发次数"),
    "reopened_from": ("continues", "接续预警"), "metric_name": ("metric", "指标"), "metric_value": ("value", "数值"),
    "threshold": ("threshold", "阈值"), "owner_name": ("owner", "负责人"), "action_name": ("what to do", "建议动作"),
    "value_at_stake": ("at stake", "涉及金额"), "owner_rank": ("place with owner", "负责人内排序"),
    "is_in_digest": ("in the digest", "列入摘要"), "group_name": ("counted under", "汇总类别"),
    "basis": ("reason", "依据"), "reason": ("worked out", ""), "as_of_date": ("as of", "数据截至"),
}  # fmt: skip
"""Heads of what is told of one alert, by language; without a head it is not told: `reason` is English alone."""
SPAN_HEADS = {
    "alert_id": ("alert", "预警编号"), "opened_on": ("opened", "触发日期"), "closed_on": ("closed", "关闭日期"),
    "close_reason_name": ("why closed", "关闭原因"), "times_reopened": ("times reopened", "再次触发次数"),
    "reopened_from": ("continues", "接续预警"),
}  # fmt: skip
DECISION_HEADS = {
    "decided_at": ("decided", "决定时间"), "action": ("action", "决定"), "effective_on": ("from", "生效日期"),
    "snoozed_until": ("snoozed until", "暂停至"), "decided_by": ("by", "决定人"), "note": ("note", "备注"),
}  # fmt: skip
DECISIONS = {"snooze": "暂停", "close": "关闭", "reopen": "恢复"}
BACKTEST_HEADS = {
    "rule_id": ("rule", "规则"), "rule_name": ("name", "预警"), "threshold": ("threshold", "阈值"),
    "months": ("months", "月数"), "customers": ("customers", "客户数"), "flagged": ("flagged", "预警数"),
    "churned": ("churned", "流失数"), "true_positives": ("true positives", "预警且流失"),
    "precision": ("precision", "精确率"), "recall": ("recall", "召回率"), "base_rate": ("base rate", "平均流失率"),
    "lift": ("lift", "提升度"),
}  # fmt: skip
HEAD_WIDTH = 18
MORE = {
    "en": "{shown} of {total} alerts; --limit 0 for all.",
    "zh": "共{total}条预警，显示前{shown}条；--limit 0 显示全部。",
}
READING = {
    "en": "Churned here: bought nothing within the active window. Who buys seldom is silent often, so that a rule for "
    "frequent buyers can have a lift below 1 and still find who leaves; complaints or consent are other things.",
    "zh": "此处“流失”指活跃窗口内未购买。低频客户本就常常沉默，因此针对高频客户的规则"
    "提升度可能低于1，但仍能发现真正流失者；投诉、授权类规则预警的是其他问题。",
}
"""How the back-test is read (decision 71)."""
SHOWN = 20
app = typer.Typer(
    no_args_is_help=True,
    help="Alerts: what stands and why, snoozing and closing it, and what the rules are worth.",
)

AlertsArgument = Annotated[list[str], typer.Argument(help="IDs of alerts, or their first digits.")]
ByOption = Annotated[str | None, typer.Option("--by", help="Who decides. Default: the name you are logged in by.")]
NoteOption = Annotated[str | None, typer.Option("--note", help="Why; no personal values.")]


@app.command(name="list", epilog="Example: retention alerts list --severity critical --owner service --language zh")
def list_them(
    home: HomeOption = None,
    owner: Annotated[list[str] | None, typer.Option("--owner", help="Account owner or role; repeat it.")] = None,
    severity: Annotated[
        list[str] | None, typer.Option("--severity", help="critical, warning or notice; repeat it.")
    ] = None,
    rule: Annotated[list[str] | None, typer.Option("--rule", help="ID of a rule, as W2; repeat it.")] = None,
    status: Annotated[
        list[str] | None,
        typer.Option("--status", help="opened, open, snoozed or closed; repeat it. Default: all but closed."),
    ] = None,
    language: LanguageOption = "en",
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=0, help="Alerts to show; 0: all. Default: 20; with --json and --out all."),
    ] = None,
    to: Annotated[Path | None, typer.Option("--out", help="Write a file instead, .xlsx or .csv.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the alerts of the published release, the gravest first, then by the revenue at stake."""
    place = settings_with(home=home).home_path
    wanted = Wanted(tuple(owner or ()), tuple(severity or ()), tuple(rule or ()), tuple(status or ()))
    if to is not None:
        out.print(f"{export_alerts(place, wanted, to, language, limit or 0):,} alerts: {to}", markup=False)
        return
    if limit is None:
        limit = 0 if as_json else SHOWN
    listed = list_alerts(place, wanted, language, limit)
    if as_json:
        print_json(listed.rows)
        return
    lines = [dict(zip(HEADS[language], (row[name] for name in CELLS), strict=True)) for row in listed.rows]
    print_rows(out, TITLES["alerts"][language], lines, language)
    if len(lines) < listed.total:
        out.print(MORE[language].format(shown=f"{len(lines):,}", total=f"{listed.total:,}"), markup=False)


@app.command(epilog="Example: retention alerts show 3f2a")
def show(
    alert: Annotated[str, typer.Argument(help="ID of an alert, or its first digits.")],
    home: HomeOption = None,
    language: LanguageOption = "en",
    as_json: JsonOption = False,
) -> None:
    """Tell one alert whole: why it stands, its earlier openings, and what people decided about it."""
    desk = _desk(home, None)
    found = show_alert(desk.home, alert, language)
    found["decisions"] = desk.history(found["alert_id"])
    if as_json:
        print_json(found)
        return
    _tell_alert(found, language)
    for part, heads in (("openings", SPAN_HEADS), ("decisions", DECISION_HEADS)):
        print_rows(out, TITLES[part][language], _headed(found[part], heads, language), language)


@app.command(epilog="Example: retention alerts snooze 3f2a --until 2025-07-01 --note 'visit is agreed'")
def snooze(
    alerts: AlertsArgument,
    until: Annotated[str, typer.Option("--until", metavar="YYYY-MM-DD", help="First day on which it is open again.")],
    home: HomeOption = None,
    by: ByOption = None,
    note: NoteOption = None,
) -> None:
    """Put alerts off until a day; one that gets critical before is open again. It counts from the next run on."""
    _tell(_desk(home, by).decide(alerts, "snooze", until=day_of(until, "--until"), note=note))


@app.command(epilog="Example: retention alerts close 3f2a --note 'moved abroad'")
def close(alerts: AlertsArgument, home: HomeOption = None, by: ByOption = None, note: NoteOption = None) -> None:
    """Close alerts whose condition still holds. When it has gone and comes back, a new alert opens."""
    _tell(_desk(home, by).decide(alerts, "close", note=note))


@app.command(epilog="Example: retention alerts reopen 3f2a")
def reopen(alerts: AlertsArgument, home: HomeOption = None, by: ByOption = None, note: NoteOption = None) -> None:
    """Take a snooze or a closing back."""
    _tell(_desk(home, by).decide(alerts, "reopen", note=note))


@app.command(epilog="Example: retention alerts backtest --language zh")
def backtest(home: HomeOption = None, language: LanguageOption = "en", as_json: JsonOption = False) -> None:
    """Show how many of those whom each rule flagged at past month-ends then churned, beside two naive rules.

    Lift above 1: the flagged churn more often than the others. To tune a rule, edit its row of seeds/alert_rules.csv.
    """
    rows = list_backtest(settings_with(home=home).home_path, language)
    if as_json:
        print_json(rows)
    else:
        print_rows(out, TITLES["backtest"][language], _headed(rows, BACKTEST_HEADS, language), language)
        out.print(READING[language], markup=False)


def _tell_alert(found: Mapping[str, Any], language: str) -> None:
    """What there is to tell of an alert, a line each, under heads of the language."""
    told = {name: shown(value) for name, value in found.items() if name in TOLD and value not in (None, "")}
    told |= {name: figure(found[name], found["unit"], language) for name in ("metric_value", "threshold")
             if name in told}  # fmt: skip
    if language == "zh":
        told["is_in_digest"] = "是" if found["is_in_digest"] else "否"
    if told.get("subject_told") == told.get("subject_id"):
        told.pop("subject_id", None)
    for name, heads in TOLD.items():
        head = heads[LANGUAGES.index(language)]
        if head and name in told:
            out.print(f"{head}{' ' * (HEAD_WIDTH - cell_len(head))} {told[name]}", markup=False)


def _headed(
    rows: Sequence[Mapping[str, Any]], heads: Mapping[str, tuple[str, str]], language: str
) -> list[dict[str, Any]]:
    """Rows under heads of the language."""
    place = LANGUAGES.index(language)
    lines = [{names[place]: row[name] for name, names in heads.items()} for row in rows]
    if language == "zh":
        lines = [{head: DECISIONS.get(str(value), value) if head == "决定" else value for head, value in line.items()}
                 for line in lines]  # fmt: skip
    return lines


def _desk(home: Path | None, by: str | None) -> AlertDesk:
    settings = settings_with(home=home)
    contracts = load_contracts(settings.project_dir)
    return AlertDesk(settings.home_path, contracts, settings.timezone, getpass.getuser() if by is None else by)


def _tell(decided: Decided) -> None:
    if decided.known:
        out.print(f"Decided so already: {', '.join(decided.known)}", markup=False)
    if not decided.recorded:
        out.print("Nothing was recorded.", markup=False)
        return
    out.print(f"Recorded for {', '.join(decided.recorded)} in load {decided.load_id}.", markup=False)
    out.print("It counts from the next run on: retention run.", markup=False)
