"""Reasons of contacts in words: English and Chinese, with names for codes."""

from __future__ import annotations

import pytest

from retention.publication.contact_reasons import told_reason

NAMES = {
    "en": {
        ("contact", "weekly_call"): "Weekly call",
        ("contact", "birthday"): "Birthday",
        ("contact_owner", "adviser"): "Adviser",
        ("scheme", "value_sabc"): "Value S/A/B/C",
    },
    "zh": {
        ("contact", "weekly_call"): "每周电话",
        ("contact", "first_purchase_anniversary"): "首购周年",
        ("contact", "birthday"): "生日关怀",
        ("contact_owner", "adviser"): "专属顾问",
        ("contact_period", "week"): "周",
        ("scheme", "value_sabc"): "价值SABC",
    },
}
CALL = "P1 weekly_call: 1 a week for value_sabc A of 2024-04-30"
YEARS = "P2 first_purchase_anniversary: 3 days before the first purchase anniversary of 2026-01-10"


@pytest.mark.parametrize(
    ("reason", "language", "told"),
    [
        (CALL, "en", "Weekly call (P1): 1 a week for tier A of Value S/A/B/C, held on 2024-04-30"),
        (CALL, "zh", "每周电话（P1）：每周1次，价值SABC A 层（2024-04-30）"),
        (YEARS, "zh", "首购周年（P2）：首购周年日（2026-01-10）前3天"),
        ("P2 birthday: 3 days before the birthday; 2024-05-01 is a quiet day", "zh",
         "生日关怀（P2）：生日前3天；2024-05-01为休息日，不联系客户"),
        ("P2 birthday: on the day of the birthday; past its last day", "en",
         "Birthday (P2): on the day of the birthday; past its last day"),
        ("P2 own: 1 day after the complaint of 2024-04-09 for value_sabc A of 2024-03-31; moved from 2024-04-10 as the "
         "days of adviser are full", "zh",
         "own（P2）：投诉（2024-04-09）后1天，价值SABC A 层（2024-03-31）；因专属顾问排期已满，由2024-04-10调整"),
        (f"{CALL}; gives way to birthday of 2024-05-06", "zh",
         "每周电话（P1）：每周1次，价值SABC A 层（2024-04-30）；让位于2024-05-06的生日关怀"),
        (f"{CALL}; number 2 of the week beside 1 touch made, at most 2", "zh",
         "每周电话（P1）：每周1次，价值SABC A 层（2024-04-30）；本周已联系1次，此为计划的第2次，上限2次"),
        ("written by hand; 2024-05-01 is a quiet day", "zh", "written by hand; 2024-05-01 is a quiet day"),
    ],
)  # fmt: skip
def test_a_reason_is_told_in_the_readers_language(reason: str, language: str, told: str) -> None:
    assert told_reason(reason, NAMES[language], language) == told
