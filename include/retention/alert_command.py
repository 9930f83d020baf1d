"""The commands `retention alerts`: what stands, why, what people decide about it, and what the rules are worth (W)."""

import getpass
from pathlib import Path
from typing import Annotated

import typer

from retention.alerts import AlertDesk, Decided, Wanted, export_alerts, list_alerts, list_backtest, show_alert
from retention.console import out, print_json, print_rows, shown
from retention.landing import load_contracts
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
    "alert_id", "severity_name", "status_name", "rule_name", "subject_id", "opened_on", "owner_name", "value_at_stake",
    "reason",
)  # fmt: skip
TOLD = (
    "alert_id", "rule_id", "rule_name", "severity_name", "status_name", "subject_name", "subject_id", "customer_id",
    "occasion", "opened_on", "last_seen_on", "critical_on", "news_name", "new_on", "closed_on", "close_reason_name",
    "snoozed_until", "times_reopened", "reopened_from", "metric_name", "metric_value", "threshold", "unit",
    "owner_name", "action_name", "value_at_stake", "owner_rank", "is_in_digest", "group_name", "reason", "as_of_date",
)  # fmt: skip
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
    for name in TOLD:
        if found[name] is not None:
            out.print(f"{name:<18} {shown(found[name])}", markup=False)
    for part in ("openings", "decisions"):
        print_rows(out, TITLES[part][language], found[part], language)


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
        print_rows(out, TITLES["backtest"][language], rows, language)
        out.print(READING[language], markup=False)


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
