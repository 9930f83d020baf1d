"""A digest: what is new for one recipient, as a title and Markdown that reads as plain text too."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from retention.notices.alerts import SEVERITIES, Alert, Names, name_of
from retention.notices.ledger import CLOSED, GROUPED, OPENED, RESUMED, RETURNED, RISEN, WITHDRAWN, Told
from retention.notices.news import News
from retention.publication.chosen_release import Release
from retention.publication.provenance import NOTICE

BEGINNINGS = (RISEN, OPENED, RESUMED, RETURNED)
KINDS = (*BEGINNINGS, CLOSED, WITHDRAWN)
WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        RISEN: "Now critical",
        OPENED: "New alerts",
        RESUMED: "No longer snoozed",
        RETURNED: "Open after all (late data)",
        CLOSED: "Closed",
        WITHDRAWN: "Taken back (late data: they did not hold)",
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
        "value": "value at stake {value}",
        "more": "{number} more of rule {rule}, not listed here",
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
        CLOSED: "已解除",
        WITHDRAWN: "已撤回（数据更新后不成立）",
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
        "value": "涉及金额 {value}",
        "more": "规则{rule}另有{number}条，未在此列出",
        "all": "全部预警：retention alerts list",
        "nobody": "无负责人",
        "told_since": "其中{number}条此后已通知，已略去",
        "synthetic": "模拟数据：由 retention simulate 生成，公司并不存在。",
        "comma": "，",
        "colon": "：",
    },
}
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
        news: in the order of the text.
        lines: how the text tells each of them; empty for one told in a number.
    """

    recipient: str
    language: str
    title: str
    body: str
    news: tuple[News, ...]
    lines: tuple[str, ...]


def compose(
    recipient: str, language: str, news: Sequence[News], left: Iterable[News], release: Release, names: Names
) -> Digest:
    """Write a digest.

    Args:
        news: what it tells, of one owner or several.
        left: what there is no line for; it comes the next time.
    """
    words = WORDS[language]
    owners = sorted({one.owner or "" for one in news})
    grouped = [one for one in news if one.kind == GROUPED]
    ordered = sorted(
        (one for one in news if one.kind in KINDS),
        key=lambda one: (KINDS.index(one.kind), one.owner or "", *_rank(one)),
    )
    lines = [words["synthetic"], ""] if release.is_synthetic else []
    told: list[tuple[News, str]] = []
    for kind in KINDS:
        for owner in owners:
            part = [one for one in ordered if one.kind == kind and (one.owner or "") == owner]
            if part:
                whose = f" · {name_of(names, language, owner, *SUBJECT_SETS['owner']) or words['nobody']}"
                lines += [f"**{words[kind]}{whose if len(owners) > 1 else ''}**", ""]
                lines_told = [f"- {_line(one, language, names)}" for one in part]
                lines += [*lines_told, ""]
                told += zip(part, lines_told, strict=True)
    told += [(one, "") for one in grouped]
    rules = Counter(one.alert.rule_id for one in (*grouped, *left) if one.alert is not None and not one.alert.is_closed)
    lines += [
        f"- {words['more'].format(number=number, rule=_rule(rule, language, names))}"
        for rule, number in sorted(rules.items())
    ]
    lines += [""] if rules else []
    owner = f' --owner "{owners[0]}"' if len(owners) == 1 and owners[0] else ""
    lines.append(f"{words['all']}{owner} · {release.release_id}")
    title = words["title"].format(day=release.as_of, counts=_counts(news, language, names))
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


def _rule(rule: str, language: str, names: Names) -> str:
    """A rule by its name and ID."""
    name = name_of(names, language, rule, "alert_rule")
    return rule if name == rule else f"{rule} ({name})"


def _rank(one: News) -> tuple[object, ...]:
    return one.alert.rank if one.alert is not None else (len(SEVERITIES), 0, one.told and one.told.opened_on, "")


def _counts(news: Sequence[News], language: str, names: Names) -> str:
    """How many of each severity are open now, and how many have ended."""
    beginnings = Counter(one.alert.severity for one in news if one.alert and one.kind in BEGINNINGS)
    parts = [
        f"{beginnings[severity]} {name_of(names, language, severity, *SEVERITY_SETS)}"
        for severity in sorted(beginnings, key=lambda one: SEVERITIES.index(one) if one in SEVERITIES else 9)
    ]
    ended = sum(one.kind in (CLOSED, WITHDRAWN) for one in news)
    parts += [WORDS[language]["ended"].format(number=ended)] if ended else []
    grouped = sum(one.kind == GROUPED for one in news)
    parts += [WORDS[language]["counted"].format(number=grouped)] if grouped else []
    return WORDS[language]["comma"].join(parts)


def _line(one: News, language: str, names: Names) -> str:
    """One alert: what, of whom, the figure beside its threshold, what is at stake and what to do."""
    words, colon = WORDS[language], WORDS[language]["colon"]
    alert = one.alert
    if alert is None:  # taken back: the release has no row of it
        told = one.told
        return (
            "" if told is None else f"{told.subject_id} · {told.rule_id} · {words['since'].format(day=told.opened_on)}"
        )
    parts = [
        f"**{name_of(names, language, alert.severity, *SEVERITY_SETS)}** "
        f"{name_of(names, language, alert.alert_type, 'alert_type')}{colon}{_subject(alert, language, names)}",
        _figure(alert, language, names),
    ]
    if one.kind in BEGINNINGS:
        parts += [_cause(*cause, language, names) for cause in alert.causes]
        if alert.value_at_stake:
            parts.append(words["value"].format(value=f"{alert.value_at_stake:,.0f}"))
        if alert.recommended_action:
            parts.append(f"→ {name_of(names, language, alert.recommended_action, 'alert_action')}")
        parts.append(f"{words['since'].format(day=alert.opened_on)} ({alert.rule_id})")
    else:
        parts.append(f"{words['span'].format(day=alert.opened_on, end=alert.closed_on)} ({alert.rule_id})")
    return " · ".join(part for part in parts if part)


def _subject(alert: Alert, language: str, names: Names) -> str:
    return name_of(names, language, alert.subject_id, *SUBJECT_SETS.get(alert.subject_type, (alert.subject_type,)))


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
