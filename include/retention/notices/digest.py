"""A digest: what is new for one recipient, as a title and Markdown that reads as plain text too."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from retention.notices.alerts import SEVERITIES, Alert, Names, name_of
from retention.notices.ledger import CLOSED, OPENED, RESUMED, RETURNED, RISEN, WITHDRAWN, Told
from retention.notices.news import CRITICAL, REOPENED, SNOOZE_OVER, News
from retention.notices.places import Places
from retention.publication.chosen_release import Release
from retention.publication.provenance import NOTICE

STANDING = "standing"
SECTIONS = (RISEN, OPENED, RESUMED, RETURNED, CLOSED, WITHDRAWN, STANDING)
"""In the order of the text: kinds of news, and openings of before."""
WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        RISEN: "Now critical",
        OPENED: "New alerts",
        RESUMED: "No longer snoozed",
        RETURNED: "Open after all (late data)",
        CLOSED: "Ended",
        WITHDRAWN: "Taken back (late data: they did not hold)",
        STANDING: "Standing, told for the first time",
        "title": "Alerts of {day}: {counts}",
        "ended": "{number} ended",
        "counted": "{number} not listed",
        "threshold": "threshold",
        "trend": "7-day trend {trend}",
        "points": "{points} pts",
        "cause": "{dimension} {value} ({share})",
        "cause_of_change": "{dimension} {value} ({share} of the change)",
        "since": "since {day}",
        "span": "open {day} to {end}",
        "ending": "ended: {reason}",
        "is_risen": "now critical",
        "is_reopened": "opened again",
        "is_snooze_over": "no longer snoozed",
        "due": "{occasion}, due {day}",
        "of": "{trigger} ({event})",
        "value": "value at stake {value}",
        "more": "{number} more of rule {rule}, not listed here",
        "more_critical": "{number} more of rule {rule}, {critical} of them critical, not listed here",
        "more_ended": "{number} more of rule {rule} ended, not listed here ({reasons})",
        "reason_count": "{number} {reason}",
        "taken_back": "taken back",
        "all": "All of them: retention alerts list",
        "nobody": "without an owner",
        "told_since": "{number} told since are left out",
        "synthetic": NOTICE,
        "comma": ", ",
        "colon": ": ",
    },
    "zh": {
        RISEN: "升为严重",
        OPENED: "新预警",
        RESUMED: "暂停提醒已结束",
        RETURNED: "仍未解除（数据更新后）",
        CLOSED: "已结束",
        WITHDRAWN: "已撤回（数据更新后不成立）",
        STANDING: "持续中（首次通知）",
        "title": "{day} 预警：{counts}",
        "ended": "结束{number}条",
        "counted": "另有{number}条未列出",
        "threshold": "阈值",
        "trend": "近7天 {trend}",
        "points": "{points} 个百分点",
        "cause": "{dimension}：{value}（{share}）",
        "cause_of_change": "变化主要来自{dimension}：{value}（占变化的 {share}）",
        "since": "自{day}起",
        "span": "{day}至{end}",
        "ending": "结束原因：{reason}",
        "is_risen": "已升为严重",
        "is_reopened": "再次触发",
        "is_snooze_over": "暂停提醒已结束",
        "due": "{occasion}，{day}到期",
        "of": "{trigger}（{event}）",
        "value": "涉及金额 {value}",
        "more": "规则{rule}另有{number}条，未在此列出",
        "more_critical": "规则{rule}另有{number}条，其中{critical}条为严重，未在此列出",
        "more_ended": "规则{rule}另有{number}条已结束，未在此列出（{reasons}）",
        "reason_count": "{reason}{number}条",
        "taken_back": "已撤回",
        "all": "全部预警：retention alerts list",
        "nobody": "无负责人",
        "told_since": "其中{number}条此后已通知，已略去",
        "synthetic": "模拟数据：由 retention simulate 生成，公司并不存在。",
        "comma": "，",
        "colon": "：",
    },
}
NOT_OPENED: Mapping[str | None, str] = {RISEN: "is_risen", REOPENED: "is_reopened", SNOOZE_OVER: "is_snooze_over"}
"""Why an alert is news that did not just open for the first time, as the table says it and as a line does."""
OCCASION_SETS: Mapping[str, tuple[str, ...]] = {"ticket": ("sla_metric",), "customer": ("contact",)}
"""What a subject's occasion is: which clock of a ticket, which planned contact with a customer."""
SLOT = "#"
"""It parts the period of a contact by cadence from its number: nothing that says more than its day."""
SEVERITY_SETS = ("alert_severity", "severity")
SUBJECT_SETS: Mapping[str, tuple[str, ...]] = {
    "region": ("region",),
    "metric": ("board_metric", "target_metric", "metric"),
    "owner": ("owner_role", "contact_owner"),
}
CAUSE_SETS: Mapping[str, tuple[str, ...]] = {
    "complaint_category": ("ticket_category",),
    "answer_channel": ("contact_channel",),
    "category": ("ticket_category",),
    "channel": ("contact_channel", "source_channel"),
    "region": ("region",),
}
"""Code sets of a cause's value; a tier stands by its letter."""
OF_PART = ("complaint_category", "answer_channel")
"""Causes whose share is that of complaints or answers, not of a change."""
GENERAL = "dimension_value"
FORMS = {
    "rate": "{:.1%}", "share": "{:.1%}", "count": "{:,.0f}", "days": "{:,.0f}", "money": "{:,.0f}", "amount": "{:,.0f}",
    "points": "{:,.1f}", "ratio": "{:,.1f}",
}  # fmt: skip
"""How a figure is written, by its unit."""
TREND_FORMS = {"count": "{:+,.0f}", "money": "{:+,.0f}"}
METRIC_SETS = ("alert_metric", "board_metric", "target_metric", "metric")


@dataclass(frozen=True)
class Digest:
    """What one recipient is told.

    Attributes:
        news: in the order of the text; of what is told in a number what the ledger does not have yet.
        lines: how the text tells each of them; empty for one told in a number.
    """

    recipient: str
    language: str
    title: str
    body: str
    news: tuple[News, ...]
    lines: tuple[str, ...]


def compose(recipient: str, language: str, places: Places, release: Release, names: Names) -> Digest:
    """Write a digest.

    Args:
        places: what it tells, of one owner or several.
    """
    words = WORDS[language]
    owners = sorted({one.owner or "" for one in (*places.listed, *places.counted)})
    ordered = sorted(places.listed, key=_rank)
    lines = [words["synthetic"], ""] if release.is_synthetic else []
    told: list[tuple[News, str]] = []
    for section in SECTIONS:
        for owner in owners:
            part = [one for one in ordered if _section(one) == section and (one.owner or "") == owner]
            if part:
                whose = f" · {name_of(names, language, owner, *SUBJECT_SETS['owner']) or words['nobody']}"
                lines += [f"**{words[section]}{whose if len(owners) > 1 else ''}**", ""]
                lines_told = [f"- {_line(one, language, names)}" for one in part]
                lines += [*lines_told, ""]
                told += zip(part, lines_told, strict=True)
    told += [(one, "") for one in places.recorded[len(places.listed) :]]
    lines += [*_numbers(places.counted, language, names), ""] if places.counted else []
    owner = f' --owner "{owners[0]}"' if len(owners) == 1 and owners[0] else ""
    lines.append(f"{words['all']}{owner} · {release.release_id}")
    title = words["title"].format(day=release.as_of, counts=_counts(places, language, names))
    return Digest(
        recipient, language, title, "\n".join(lines), tuple(one for one, _ in told), tuple(line for _, line in told)
    )


def without(body: str, language: str, told_since: Sequence[Told]) -> str:
    """A digest's text without the lines of alerts that were told since; it says how many these are."""
    left_out = Counter(one.line for one in told_since if one.line)
    kept: list[str] = []
    for line in body.split("\n"):
        if left_out[line]:
            left_out[line] -= 1
        else:
            kept.append(line)
    lines: list[str] = []
    for place, line in enumerate(kept):
        is_heading = line.startswith("**")
        if is_heading and not any(one.startswith("- ") for one in kept[place + 1 : place + 3]):
            continue
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join([WORDS[language]["told_since"].format(number=len(told_since)), "", *lines])


def _section(one: News) -> str:
    return STANDING if one.is_standing else one.kind


def _numbers(counted: Sequence[News], language: str, names: Names) -> list[str]:
    """What is told in a number, by rule: what is open, how much of it is critical, then what has ended, and why."""
    words = WORDS[language]
    begun = [one for one in counted if not one.is_end]
    critical = Counter(one.rule_id for one in begun if one.alert and one.alert.severity == CRITICAL)
    lines: list[str] = []
    for rule, number in sorted(Counter(one.rule_id for one in begun).items()):
        form = words["more_critical" if critical[rule] else "more"]
        lines.append(f"- {form.format(number=number, rule=_rule(rule, language, names), critical=critical[rule])}")
    for rule in sorted({one.rule_id for one in counted if one.is_end}):
        reasons = Counter(_ending(one, language, names) for one in counted if one.is_end and one.rule_id == rule)
        told = words["comma"].join(
            words["reason_count"].format(number=number, reason=reason) for reason, number in sorted(reasons.items())
        )
        rule_name = _rule(rule, language, names)
        lines.append(f"- {words['more_ended'].format(number=reasons.total(), rule=rule_name, reasons=told)}")
    return lines


def _ending(one: News, language: str, names: Names) -> str:
    """Why an alert has ended: a customer who is lost is none who has recovered."""
    if one.alert is None:
        return WORDS[language]["taken_back"]
    return name_of(names, language, one.alert.close_reason, "alert_close_reason")


def _rule(rule: str, language: str, names: Names) -> str:
    """A rule by its name and ID."""
    name = name_of(names, language, rule, "alert_rule")
    return rule if name == rule else f"{rule} ({name})"


def _rank(one: News) -> tuple[object, ...]:
    return one.alert.rank if one.alert is not None else (len(SEVERITIES), 0, one.told and one.told.opened_on, "")


def _counts(places: Places, language: str, names: Names) -> str:
    """How many of each severity are open now, how many have ended, and how many have no line."""
    beginnings = Counter(one.alert.severity for one in places.listed if one.alert and not one.is_end)
    parts = [
        f"{beginnings[severity]} {name_of(names, language, severity, *SEVERITY_SETS)}"
        for severity in sorted(beginnings, key=lambda one: SEVERITIES.index(one) if one in SEVERITIES else 9)
    ]
    ended = sum(one.is_end for one in places.listed)
    parts += [WORDS[language]["ended"].format(number=ended)] if ended else []
    counted = len(places.counted)
    parts += [WORDS[language]["counted"].format(number=counted)] if counted else []
    return WORDS[language]["comma"].join(parts)


def _line(one: News, language: str, names: Names) -> str:
    """One alert: what, of whom, the figure beside its threshold, what is at stake and what to do."""
    words, colon = WORDS[language], WORDS[language]["colon"]
    alert = one.alert
    if alert is None:  # taken back: the release has no row of it
        told = one.told
        if told is None:
            return ""
        about = [told.subject_id, _occasion(told, "", language, names), _rule(told.rule_id, language, names)]
        return " · ".join(part for part in (*about, words["since"].format(day=told.opened_on)) if part)
    parts = [
        f"**{name_of(names, language, alert.severity, *SEVERITY_SETS)}** "
        f"{name_of(names, language, alert.alert_type, 'alert_type')}{colon}{_subject(alert, language, names)}",
        _not_opened(one, language),
        _occasion(alert, alert.due_on, language, names),
        _figure(alert, language, names),
    ]
    if not one.is_end:
        parts += [_cause(*cause, language, names) for cause in alert.causes]
        if alert.value_at_stake:
            parts.append(words["value"].format(value=f"{alert.value_at_stake:,.0f}"))
        if alert.recommended_action:
            parts.append(f"→ {name_of(names, language, alert.recommended_action, 'alert_action')}")
        parts.append(f"{words['since'].format(day=alert.opened_on)} ({alert.rule_id})")
    else:
        parts.append(words["ending"].format(reason=_ending(one, language, names)))
        parts.append(f"{words['span'].format(day=alert.opened_on, end=alert.closed_on)} ({alert.rule_id})")
    return " · ".join(part for part in parts if part)


def _not_opened(one: News, language: str) -> str:
    """Under "New alerts" why one is news that opened before; empty for all else, whose heading says it."""
    if one.alert is None or _section(one) != OPENED or one.alert.news not in NOT_OPENED:
        return ""
    return WORDS[language][NOT_OPENED[one.alert.news]]


def _subject(alert: Alert, language: str, names: Names) -> str:
    return name_of(names, language, alert.subject_id, *SUBJECT_SETS.get(alert.subject_type, (alert.subject_type,)))


def _occasion(one: Alert | Told, due_on: str, language: str, names: Names) -> str:
    """Which clock of a ticket or which contact it is about, and when that was due; empty where there is but one."""
    words = WORDS[language]
    if one.subject_type not in OCCASION_SETS:
        return ""
    code, _, event = one.occasion.partition(" ")
    name = name_of(names, language, code, *OCCASION_SETS[one.subject_type])
    if event and SLOT not in event:
        name = words["of"].format(trigger=name, event=event)
    return words["due"].format(occasion=name, day=due_on) if name and due_on else name


def _figure(alert: Alert, language: str, names: Names) -> str:
    """The figure with its threshold; where there is none, the reason as the table has it."""
    if alert.metric_value is None:
        return alert.reason or ""
    words = WORDS[language]
    beside = [f"{words['threshold']} {_shown(alert.threshold, alert.unit)}"] if alert.threshold is not None else []
    if alert.trend_7d is not None:
        beside.append(words["trend"].format(trend=_trend(alert.trend_7d, alert.unit, language)))
    told = f" ({words['comma'].join(beside)})" if beside else ""
    # A figure of the board is named in the alert's subject.
    name = "" if alert.subject_type == "metric" else name_of(names, language, alert.metric, *METRIC_SETS) + " "
    return f"{name}{_shown(alert.metric_value, alert.unit)}{told}"


def _shown(value: float | Decimal, unit: str | None) -> str:
    """A figure by its unit: a percentage, money, a count."""
    return FORMS.get(unit or "", "{:,.2f}").format(value)


def _trend(value: float, unit: str | None, language: str) -> str:
    """How far a figure has moved, always with a sign; rates in percentage points."""
    text = TREND_FORMS.get(unit or "", "{:+,.1f}").format(value)
    text = text if text.strip("+-0.,") else text.lstrip("+-")
    return WORDS[language]["points"].format(points=text) if unit == "rate" else text


def _cause(dimension: str, value: str, share: float, language: str, names: Names) -> str:
    """What was found as the cause, with its share."""
    form = WORDS[language]["cause" if dimension in OF_PART else "cause_of_change"]
    return form.format(
        dimension=name_of(names, language, dimension, "alert_cause", "board_dimension"),
        value=name_of(names, language, value, *CAUSE_SETS.get(dimension, ()), GENERAL),
        share=f"{share:.0%}",
    )
