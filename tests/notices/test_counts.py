"""What has no line is counted by rule each day, with how much of it is critical; a line says why an alert is news."""

from typing import Any

import pytest
from tests.notices.conftest import Releases, Tell, alert, closed, kinds
from tests.notices.receiver import Receiver

from retention.errors import SendingError
from retention.notices import Ledger, Notices

W4 = {"rule_id": "W4.interaction_frequency", "is_in_digest": False}


def backlog(first: int, last: int, **more: Any) -> list[dict[str, Any]]:
    """Alerts of W4 beyond the cap, opened before any digest."""
    return [alert(f"B{n}", "2024-04-10", **(W4 | more)) for n in range(first, last + 1)]


def test_what_was_never_told_by_name_is_counted_each_day(
    published: Releases, tell: Tell, receiver: Receiver, notices: Notices
) -> None:
    """Within the owner's cap and beyond it, counted before or not; what was told by name and what is put off is not."""
    one = notices.model_copy(update={"lines": 1})
    in_cap = [alert(f"S{n}", "2024-04-01", value_at_stake=9000 - n) for n in range(4)]
    consent = [alert(f"K{n}", "2024-04-12", rule_id="W5.consent_missing", is_in_digest=False) for n in range(2)]
    published.publish("2024-05-02", *in_cap, *backlog(1, 7), *consent)
    tell(notices=one)
    first = receiver.texts("east")[-1]
    assert first.startswith("2024-05-02 预警：1 警告，另有12条未列出")

    # Two more beyond the cap, one of those counted put off; S0 was told by name.
    put_off = backlog(1, 1, status="snoozed", news=None, new_on=None)
    published.publish("2024-05-03", *in_cap, *put_off, *backlog(2, 9), *consent)
    done = tell(notices=one)
    second = receiver.texts("east")[-1]
    assert "规则W4.interaction_frequency另有8条，未在此列出" in second
    assert "规则W5.consent_missing另有2条，未在此列出" in second
    assert "规则W2另有2条，未在此列出" in second
    assert second.startswith("2024-05-03 预警：1 警告，另有12条未列出")
    assert sorted(kinds(done)) == [
        ("grouped", "B8@2024-04-10"), ("grouped", "B9@2024-04-10"), ("opened", "S1@2024-04-01")
    ], "the ledger learns what it does not know"  # fmt: skip

    # A day on which nothing else is to be told: the number is, once.
    told = [*in_cap[:2], *put_off, *backlog(2, 4), *consent]
    published.publish("2024-05-04", *told)
    done = tell(notices=one)
    assert kinds(done) == [], "the ledger has them all"
    third = receiver.texts("east")[-1]
    assert third.startswith("2024-05-04 预警：另有5条未列出")
    assert "规则W4.interaction_frequency另有3条，未在此列出" in third
    assert "规则W2" not in third

    before = len(receiver.messages)
    assert tell(notices=one).sendings == ()
    published.publish("2024-05-04", *told)
    assert tell(notices=one).sendings == (), "the same day from another release"
    assert len(receiver.messages) == before
    published.publish("2024-05-04", *told, alert("N1", "2024-05-04"), *backlog(20, 20))
    assert sorted(kinds(tell(notices=one))) == [("grouped", "B20@2024-04-10"), ("opened", "N1@2024-05-04")]
    repeat = receiver.texts("east")[-1]
    assert repeat.startswith("2024-05-04 预警：1 警告，另有1条未列出"), "a repeat tells what came in since"
    assert "W5" not in repeat

    ended = [closed(row["subject_id"], row["opened_on"], "2024-05-05") for row in (*in_cap[:2], *consent)]
    published.publish("2024-05-05", *ended, alert("N1", "2024-05-04"))
    assert {kind for kind, _ in kinds(tell(notices=one))} == {"closed", "grouped"}
    assert "另有1条已结束" in receiver.texts("east")[-1], "of what was counted alone no end is told"


def test_a_digest_of_numbers_alone_is_tried_again_while_it_is_refused_and_not_once_it_may_have_come(
    published: Releases, tell: Tell, receiver: Receiver
) -> None:
    published.publish("2024-05-02", *backlog(1, 2))
    tell()
    published.publish("2024-05-03", *backlog(1, 2))
    receiver.answers["east"] = 503
    with pytest.raises(SendingError, match="failed"):
        tell()
    receiver.answers["east"] = "cut"
    with pytest.raises(SendingError, match="unknown"):
        tell()
    receiver.answers.clear()
    before = len(receiver.messages)
    with pytest.raises(SendingError, match="unknown"):
        tell()
    assert len(receiver.messages) == before
    assert len(Ledger(published.home).read().told) == 2
    published.publish("2024-05-04", *backlog(1, 2))
    assert [one.status for one in tell().sendings] == ["sent"]


def test_a_number_says_how_much_of_it_is_critical(
    published: Releases, tell: Tell, receiver: Receiver, notices: Notices
) -> None:
    """New warnings have the line before standing critical ones: the number must say that these are there."""
    one = notices.model_copy(update={"lines": 1})
    grave = [alert(f"G{n}", "2024-04-01", severity="critical") for n in range(2)]
    mixed = [*backlog(1, 2, severity="critical"), *backlog(3, 5)]
    mild = [alert(f"K{n}", "2024-04-12", rule_id="W5", is_in_digest=False) for n in range(2)]
    east = [*grave, *mixed, *mild, alert("N1", "2024-05-02")]
    west = [row | {"alert_id": row["alert_id"] + "w", "occasion": "w", "owner": "West team"} for row in east]
    for day in ("2024-05-02", "2024-05-03"):  # on the second day G0 has the line
        published.publish(day, *east, *west)
        tell(notices=one)
        chinese, english = receiver.texts("east")[-1], receiver.texts("all")[-1]
        grave_left = 2 if day == "2024-05-02" else 1
        assert f"- 规则W2另有{grave_left}条，其中{grave_left}条为严重，未在此列出" in chinese
        assert f"- {grave_left} more of rule W2, {grave_left} of them critical, not listed here" in english
        assert "- 规则W4.interaction_frequency另有5条，其中2条为严重，未在此列出" in chinese
        assert "- 5 more of rule W4.interaction_frequency, 2 of them critical, not listed here" in english
        assert "- 规则W5另有2条，未在此列出" in chinese
        assert "- 2 more of rule W5, not listed here" in english


def line_of(text: str, subject: str) -> str:
    [found] = [line for line in text.splitlines() if f"{subject} ·" in line]
    return found


def test_a_new_line_says_what_is_new_about_an_alert_that_opened_before(
    published: Releases, tell: Tell, receiver: Receiver
) -> None:
    """Nobody was told of any of them by name: all four are new, and one alone has just opened."""
    rows = [
        alert("C1", "2024-04-01", severity="critical", news="risen", new_on="2024-05-02"),
        alert("C2", "2024-05-02", news="reopened"),
        alert("C3", "2024-04-01", news="snooze_over", new_on="2024-05-02"),
        alert("C4", "2024-05-02", status="opened"),
        alert("C5", "2024-04-01", severity="critical", news="risen", new_on="2024-04-20"),
    ]
    west = [row | {"alert_id": row["alert_id"] + "w", "rule_id": "W3", "owner": "West team"} for row in rows]
    published.publish("2024-05-02", *rows, *west)
    tell()
    chinese, english = receiver.texts("east")[-1], receiver.texts("all")[-1]
    for subject, zh, en in (
        ("C1", "已升为严重", "now critical"),
        ("C2", "再次触发", "opened again"),
        ("C3", "暂停提醒已结束", "no longer snoozed"),
    ):
        assert f"：{subject} · {zh} · " in line_of(chinese, subject)
        assert f": {subject} · {en} · " in line_of(english, subject)
    for subject in ("C4", "C5"):  # of C5 the heading says that it stands
        assert f": {subject} · drop of purchases" in line_of(english, subject)
    assert english.index("Standing, told for the first time") < english.index("C5 ·")

    # What was told by name has a heading for it.
    published.publish("2024-05-03", *rows[:3], rows[3] | {"severity": "critical", "news": "risen"}, rows[4])
    assert ("risen", "C4@2024-05-02") in kinds(tell())
    text = receiver.texts("east")[-1]
    assert "**升为严重**" in text
    assert "已升为严重" not in text
