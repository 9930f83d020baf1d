"""The reasons of the contact calendar in the reader's language.

The tables hold a reason in English with codes, as the macros told_policy, told_trigger, told_contact and told_exclusion
of macros/rules/contacts.sql write it. A reason that is written otherwise stays as it is.
"""

import re
from collections.abc import Mapping

Names = Mapping[tuple[str, str], str]
"""Names of codes in a language, by set and code."""

DAY = r"\d{4}-\d{2}-\d{2}"
TIER = rf"(?P<scheme>\S+) (?P<tier>.+?) of (?P<held_on>{DAY})"
BY_CADENCE = re.compile(rf"(?P<rule>\S+) (?P<contact>\S+): (?P<count>\d+) a (?P<period>\w+) for {TIER}")
BY_TRIGGER = re.compile(
    r"(?P<rule>\S+) (?P<contact>\S+): (?:on the day of|(?P<days>\d+) days? (?P<side>before|after)) the "
    rf"(?P<event>[a-z ]+?)(?: of (?P<day>{DAY}))?(?: for {TIER})?"
)
CLAUSES: dict[str, tuple[str, str]] = {
    rf"(?P<day>{DAY}) is a quiet day": ("nobody is contacted on {day}", "{day}为休息日，不联系客户"),
    rf"moved from (?P<day>{DAY}) as the days of (?P<owner>.+) are full": (
        "moved from {day} as the days of {owner} are full",
        "因{owner}排期已满，由{day}调整",
    ),
    rf"made on (?P<day>{DAY})": ("made on {day}", "已于{day}完成"),
    rf"the customer was contacted on (?P<day>{DAY})": ("the customer was contacted on {day}", "客户已于{day}被联系"),
    r"contacted shortly before": ("the customer was contacted shortly before", "客户在此之前刚被联系"),
    rf"settled on (?P<day>{DAY})": ("settled on {day}", "该事项已于{day}了结"),
    rf"renewed from (?P<day>{DAY})": ("the next contract begins on {day}", "已续约，新合同自{day}起"),
    r"past its last day": ("past its last day", "已过最后日期"),
    rf"the next one was due on (?P<day>{DAY})": ("the next one was due on {day}", "下一次已于{day}到期"),
    r"the days of (?P<owner>.+) are full": ("the days of {owner} are full", "{owner}排期已满"),
    rf"gives way to (?P<contact>\S+) of (?P<day>{DAY})": ("gives way to {contact} of {day}", "让位于{day}的{contact}"),
    r"number (?P<number>\d+) of the (?P<period>week|month) beside (?P<made>\d+) touch(?:es)? made, "
    r"at most (?P<most>\d+)": (
        "number {number} of the {period} beside contacts made ({made}), at most {most}",
        "本{period}已联系{made}次，此为计划的第{number}次，上限{most}次",
    ),
}
"""What moves a contact or keeps it out: as the tables have it, and the sentence in English and in Chinese."""
EVENTS = {
    "last activity": "最近活跃",
    "first purchase": "首次购买",
    "first purchase anniversary": "首购周年日",
    "birthday": "生日",
    "contract end": "合同到期",
    "usage cycle end": "使用周期到期",
    "complaint": "投诉",
    "large order": "大额订单",
}
SETS = {"contact": "contact", "owner": "contact_owner", "period": "contact_period", "scheme": "scheme"}
SEPARATORS = {"en": "; ", "zh": "；"}
SIDES = {"before": "前", "after": "后"}


def told_reason(reason: str, names: Names, language: str) -> str:
    """A reason in a language, with names for codes.

    Args:
        reason: as contact_calendar or contact_exclusions has it.
        names: names of codes in the language, the sets of SETS among them.
        language: en or zh.
    """
    first, *clauses = reason.split("; ")
    sentences = [_rule(first, names, language), *(_clause(one, names, language) for one in clauses)]
    told = [one for one in sentences if one is not None]
    return SEPARATORS[language].join(told) if len(told) == len(sentences) else reason


def _named(values: Mapping[str, str | None], names: Names) -> dict[str, str]:
    return {
        name: names.get((SETS[name], value), value) if name in SETS else value
        for name, value in values.items()
        if value is not None
    }


def _clause(text: str, names: Names, language: str) -> str | None:
    for pattern, (english, chinese) in CLAUSES.items():
        match = re.fullmatch(pattern, text)
        if match:
            words = _named(match.groupdict(), names)
            if language == "en" and "period" in words:
                words["period"] = str(match["period"])
            return (chinese if language == "zh" else english).format(**words)
    return None


def _rule(text: str, names: Names, language: str) -> str | None:
    by_cadence, by_trigger = BY_CADENCE.fullmatch(text), BY_TRIGGER.fullmatch(text)
    match = by_cadence or by_trigger
    if match is None:
        return None
    words = _named(match.groupdict(), names)
    tell = _rule_in_chinese if language == "zh" else _rule_in_english
    return tell(words | {"period_code": match.groupdict().get("period") or ""})


def _rule_in_english(words: Mapping[str, str]) -> str:
    if "count" in words:
        told = f"{words['count']} a {words['period_code'].replace('_', '-')}"
    else:
        days = words.get("days")
        side = f"{days} day{'' if days == '1' else 's'} {words['side']}" if days else "on the day of"
        told = f"{side} the {words['event']}{' of ' + words['day'] if 'day' in words else ''}"
    tier = f" for tier {words['tier']} of {words['scheme']}, held on {words['held_on']}" if "tier" in words else ""
    return f"{words['contact']} ({words['rule']}): {told}{tier}"


def _rule_in_chinese(words: Mapping[str, str]) -> str:
    if "count" in words:
        told = f"每{words['period']}{words['count']}次"
    else:
        side = f"{SIDES[words['side']]}{words['days']}天" if "side" in words else "当日"
        day = f"（{words['day']}）" if "day" in words else ""
        told = f"{EVENTS.get(words['event'], words['event'])}{day}{side}"
    tier = f"，{words['scheme']} {words['tier']} 层（{words['held_on']}）" if "tier" in words else ""
    return f"{words['contact']}（{words['rule']}）：{told}{tier}"
