"""`retention notify`: a digest per owner, each opening once, whatever is repeated, refused or cut off."""

import json
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import apprise
import pytest
from aiosmtpd.controller import Controller
from tests.notices.conftest import Releases, Tell, alert, closed, day, kinds
from tests.notices.receiver import Receiver

from retention.errors import LockBusyError, NotThereError, SendingError, SettingsError
from retention.notices import Ledger, Notices, read_notices, send_again
from retention.notices.declaration import shown
from retention.notices.sending import Messenger


def test_each_owner_gets_one_digest_in_its_language_and_a_second_run_sends_nothing(
    published: Releases, tell: Tell, receiver: Receiver
) -> None:
    published.publish(
        "2024-05-02",
        alert("C1", "2024-05-02", status="opened"),
        alert("C2", "2024-04-20", severity="critical"),
        alert("C3", "2024-05-01", owner="West team", value_at_stake=None),
        alert("R1", "2024-05-01", owner=None, subject_type="region", metric_value=None),
    )
    assert len(tell().sendings) == 2
    [east] = receiver.texts("east")
    [others] = receiver.texts("all")
    assert east.splitlines()[0] == "2024-05-02 预警：1 严重，1 警告"
    assert east.index("**新预警**") < east.index("流失预警：C1"), "what is new that day comes first"
    assert east.index("流失预警：C1") < east.index("**持续中（首次通知）**") < east.index("流失预警：C2")
    assert "购买频次降幅 40.0% (阈值 30.0%) · 涉及金额 1,200 · → 致电客户 · 自2024-04-20起 (W2)" in east
    assert others.splitlines()[0] == "Alerts of 2024-05-02: 2 warning"
    assert "**Standing, told for the first time · West team**" in others
    assert "New alerts" not in others
    assert "churn warning: R1 · 4 purchases before, 2 now" in others

    assert kinds(tell()) == []
    published.publish("2024-05-02", alert("C1", "2024-05-02"), alert("C2", "2024-04-20"), alert("C4", "2024-05-02"))
    assert sorted(kinds(tell())) == [
        ("opened", "C4@2024-05-02"),
        ("withdrawn", "C3@2024-05-01"),
        ("withdrawn", "R1@2024-05-01"),
    ]
    assert len(receiver.messages) == 4


def test_figures_are_told_by_their_units_with_trend_and_cause(
    published: Releases, tell: Tell, receiver: Receiver
) -> None:
    board = {"subject_type": "metric", "subject_id": "csat_score", "metric": "board_abnormal", "value_at_stake": None}
    complained = {"cause_dimension": "complaint_category", "cause_value": "logistics", "cause_share": 0.75}
    answered = {"second_cause_dimension": "answer_channel", "second_cause_value": "phone", "second_cause_share": 0.5}
    found = {"cause_dimension": "tier", "cause_value": "B", "cause_share": 0.62}
    rows = [
        alert("csat_score", "2024-05-02", **board, metric_value=0.8512, threshold=0.9, trend_7d=-2.04, **found),
        alert("north", "2024-05-02", subject_type="region", metric_value=0.123, **complained, **answered),
        alert("C5", "2024-05-02", unit="amount", metric_value=123456.7, threshold=100000),
        alert("C6", "2024-05-02", unit="count", metric_value=3, threshold=2),
        alert("C7", "2024-05-02", unit="ratio", metric_value=2.44, threshold=2),
    ]
    published.publish("2024-05-02", *rows, *(row | {"alert_id": row["alert_id"] + "w", "owner": "West team",
                      "occasion": "w"} for row in rows))  # fmt: skip
    tell()
    [chinese], [english] = receiver.texts("east"), receiver.texts("all")
    assert "Satisfaction · 85.1% (threshold 90.0%, 7-day trend -2.0 pts) · Tier B (62% of the change) · " in english
    assert "客户满意度 · 85.1% (阈值 90.0%，近7天 -2.0 个百分点) · 变化主要来自客户等级：B（占变化的 62%）" in chinese
    assert "12.3% (threshold 30.0%) · Complaints most about Logistics (75%) · Negative answers" in english
    assert "投诉主要涉及：物流（75%） · 负面评价主要来自：电话（50%）" in chinese
    assert "123,457 (threshold 100,000)" in english
    assert "drop of purchases 3 (threshold 2)" in english
    assert "drop of purchases 2.4 (threshold 2.0)" in english


def test_an_end_is_told_once_to_whoever_heard_of_the_beginning(
    published: Releases, tell: Tell, receiver: Receiver
) -> None:
    published.publish("2024-05-02", alert("C1", "2024-05-01"))
    tell()
    published.publish("2024-05-03", closed("C1", "2024-05-01", "2024-05-03", owner="West team"))
    assert kinds(tell()) == [("closed", "C1@2024-05-01")]
    assert "**已结束**" in receiver.texts("east")[-1]
    assert "结束原因：已恢复" in receiver.texts("east")[-1]
    assert "2024-05-01至2024-05-03" in receiver.texts("east")[-1]
    published.publish("2024-05-04", closed("C1", "2024-05-01", "2024-05-03"), alert("C1", "2024-05-04"))
    assert kinds(tell()) == [("opened", "C1@2024-05-04")], "another opening is told"


def test_what_is_put_off_or_beyond_the_cap_is_told_when_its_turn_comes(published: Releases, tell: Tell) -> None:
    first = alert("C1", "2024-05-01", status="snoozed"), alert("C2", "2024-05-01", is_in_digest=False)
    published.publish("2024-05-02", *first, alert("C3", "2024-05-01"))
    done = tell()
    assert kinds(done) == [("opened", "C3@2024-05-01"), ("grouped", "C2@2024-05-01")]
    assert done.digests[0].title == "2024-05-02 预警：1 警告，另有1条未列出"
    assert "规则W2另有1条" in done.digests[0].body
    assert kinds(tell()) == []
    published.publish("2024-05-03", alert("C1", "2024-05-01"), alert("C2", "2024-05-01"), alert("C3", "2024-05-01"))
    assert sorted(kinds(tell())) == [("opened", "C1@2024-05-01"), ("opened", "C2@2024-05-01")]
    published.publish("2024-05-04", *(alert(f"C{n}", "2024-05-01", is_in_digest=False) for n in (1, 2, 3)))
    assert kinds(tell()) == [], "told before its owner had too many"
    # Where all is beyond the cap, its number is told.
    published.publish("2024-05-05", *(alert(f"C{n}", "2024-05-05", is_in_digest=False) for n in (7, 8)))
    assert sorted(kinds(tell()))[:2] == [("grouped", "C7@2024-05-05"), ("grouped", "C8@2024-05-05")]


def test_what_is_new_has_places_of_its_own_whatever_was_told_long_ago(published: Releases, tell: Tell) -> None:
    """The release ranks what is new on its day; what became new on a day without a run is ranked here."""
    old = [alert(f"C{n}", "2024-04-20", value_at_stake=900 + n) for n in range(3)]
    published.publish("2024-05-02", *old, cap=3)
    assert len(kinds(tell())) == 3
    missed = [alert(f"M{n}", "2024-05-03", value_at_stake=n, is_in_digest=False) for n in range(4)]
    new = [alert("N0", "2024-05-04", value_at_stake=1), alert("N1", "2024-05-04", is_in_digest=False)]
    published.publish("2024-05-04", *old, *missed, *new, cap=3)  # of the third of May there was no run
    done = tell()
    told = {(kind, one.split("@")[0]) for kind, one in kinds(done)}
    assert told == {("opened", name) for name in ("M3", "M2", "M1", "N0")} | {("grouped", "M0"), ("grouped", "N1")}
    assert "规则W2另有2条" in done.digests[0].body
    assert kinds(tell()) == []


def test_a_rise_to_critical_and_the_end_of_a_snooze_are_told_once(
    published: Releases, tell: Tell, receiver: Receiver
) -> None:
    published.publish("2024-05-02", alert("C1", "2024-05-01"), alert("C2", "2024-05-01"), alert("C3", "2024-05-01"))
    tell()
    put_off = [alert(f"C{n}", "2024-05-01", status="snoozed") for n in (2, 3)]
    risen = alert("C1", "2024-05-01", severity="critical", news="risen", new_on="2024-05-03")
    published.publish("2024-05-03", risen, *put_off)
    assert kinds(tell()) == [("risen", "C1@2024-05-01")]
    assert "**升为严重**" in receiver.texts("east")[-1]
    assert receiver.texts("east")[-1].startswith("2024-05-03 预警：1 严重")
    over = {"news": "snooze_over", "new_on": "2024-05-04"}
    # Late data moves the day of the rise: it is the same one.
    later = risen | {"new_on": "2024-05-05"}
    published.publish("2024-05-05", later, alert("C2", "2024-05-01", **over), alert("C3", "2024-05-01", **over))
    assert kinds(tell()) == [("resumed", "C2@2024-05-01"), ("resumed", "C3@2024-05-01")]
    assert "**暂停提醒已结束**" in receiver.texts("east")[-1]
    assert kinds(tell()) == []
    # Critical when it was put off no longer: one message says both.
    again = [alert(f"C{n}", "2024-05-01", severity="critical", news="risen", new_on="2024-05-06") for n in (2, 3)]
    published.publish("2024-05-06", later, again[0], again[1] | {"is_in_digest": False})
    assert kinds(tell()) == [("risen", "C2@2024-05-01"), ("grouped", "C3@2024-05-01")]
    published.publish("2024-05-07", later, *again)
    assert kinds(tell()) == [("risen", "C3@2024-05-01")], "its turn has come"
    ended = [closed(f"C{n}", "2024-05-01", "2024-05-08", severity="critical") for n in (1, 2, 3)]
    published.publish("2024-05-08", *ended)
    assert [kind for kind, _ in kinds(tell())] == ["closed"] * 3


def test_sending_again_leaves_out_what_was_told_since(
    published: Releases, notices: Notices, tell: Tell, receiver: Receiver
) -> None:
    published.publish("2024-05-02", alert("C1", "2024-05-01"), alert("C2", "2024-05-01"))
    receiver.answers["east"] = "cut"
    with pytest.raises(SendingError, match="unknown"):
        tell()
    receiver.answers.clear()
    [first] = Ledger(published.home).read().sendings
    published.publish("2024-05-03", closed("C1", "2024-05-01", "2024-05-03"), alert("C2", "2024-05-01"))
    tell()
    send_again(published.home, notices, Path("notices.yml"), first)
    assert "其中1条此后已通知" in receiver.texts("east")[-1]
    assert "C2" in receiver.texts("east")[-1]
    assert "C1" not in receiver.texts("east")[-1]


def test_sending_again_what_the_next_run_has_told_sends_nothing(
    published: Releases, notices: Notices, tell: Tell, receiver: Receiver
) -> None:
    published.publish("2024-05-02", alert("C1", "2024-05-01"))
    receiver.answers["east"] = 503
    with pytest.raises(SendingError):
        tell()
    receiver.answers.clear()
    [first] = Ledger(published.home).read().sendings
    assert kinds(tell()) == [("opened", "C1@2024-05-01")]
    before = len(receiver.messages)
    with pytest.raises(SettingsError, match="has been told since"):
        send_again(published.home, notices, Path("notices.yml"), first)
    assert len(receiver.messages) == before


def test_a_digest_has_so_many_lines_and_the_rest_comes_the_next_day(
    published: Releases, notices: Notices, tell: Tell
) -> None:
    short = notices.model_copy(update={"lines": 3})
    rows = [alert(f"C{n}", "2024-05-01", value_at_stake=n) for n in range(5)]
    published.publish("2024-05-02", *rows)
    done = tell(notices=short)
    assert kinds(done) == [
        *(("opened", f"C{n}@2024-05-01") for n in (4, 3, 2)),
        *(("grouped", f"C{n}@2024-05-01") for n in (1, 0)),
    ]
    assert done.digests[0].title == "2024-05-02 预警：3 警告，另有2条未列出"
    assert "规则W2另有2条，未在此列出" in done.digests[0].body
    assert kinds(tell(notices=short)) == [], "the same day's repeat sends nothing more"
    published.publish("2024-05-02", *rows, alert("N1", "2024-05-02"))
    assert kinds(tell(notices=short)) == [("opened", "N1@2024-05-02")], "but for what came in since"
    published.publish("2024-05-03", *rows, alert("N1", "2024-05-02"))
    assert kinds(tell(notices=short)) == [("opened", "C1@2024-05-01"), ("opened", "C0@2024-05-01")]
    assert kinds(tell(notices=short)) == []


def test_what_is_new_and_what_has_ended_has_lines_before_what_stood(
    published: Releases, notices: Notices, tell: Tell, receiver: Receiver
) -> None:
    """Ends have half of the lines while there are any; what waited for longer than a week is told in a number."""
    few = notices.model_copy(update={"lines": 4})
    told = [alert(f"C{n}", "2024-05-01", value_at_stake=100 + n) for n in range(4)]
    backlog = [alert(f"B{n}", "2024-04-01", value_at_stake=5, severity="critical") for n in range(2)]
    published.publish("2024-05-01", *told)
    tell(notices=few)
    gone = ("recovered", "churned", "closed_by_person", "churned")
    ended = [closed(f"C{n}", "2024-05-01", f"2024-05-0{min(n, 2) + 2}", close_reason=gone[n]) for n in range(4)]
    new = [alert(f"N{n}", "2024-05-04", value_at_stake=n) for n in range(3)]
    published.publish("2024-05-04", *ended, *backlog, *new)
    first = tell(notices=few)
    assert kinds(first) == [
        ("opened", "N2@2024-05-04"), ("opened", "N1@2024-05-04"),
        ("closed", "C0@2024-05-01"), ("closed", "C1@2024-05-01"),
        ("grouped", "N0@2024-05-04"), ("grouped", "B0@2024-04-01"), ("grouped", "B1@2024-04-01"),
        ("grouped", "C2@2024-05-01"), ("grouped", "C3@2024-05-01"),
    ]  # fmt: skip
    text = receiver.texts("east")[-1]
    assert "结束原因：已恢复" in text
    assert "结束原因：已流失" in text
    assert "规则W2另有3条，其中2条为严重，未在此列出" in text
    assert "规则W2另有2条已结束，未在此列出（人工关闭1条，已流失1条）" in text
    assert kinds(tell(notices=few)) == []
    published.publish("2024-05-05", *ended, *backlog, *new)
    assert sorted(kinds(tell(notices=few))) == [
        ("closed", "C2@2024-05-01"), ("closed", "C3@2024-05-01"),
        ("opened", "B0@2024-04-01"), ("opened", "B1@2024-04-01"),
    ], "ends before the backlog, the severest of it first, and nothing is counted in the ledger twice"  # fmt: skip
    assert "规则W2另有1条，未在此列出" in receiver.texts("east")[-1], "what waits is counted in the text"
    one = notices.model_copy(update={"lines": 1})
    late = [closed(f"B{n}", "2024-04-01", f"2024-05-0{n + 5}") for n in range(2)]
    published.publish("2024-05-12", *late, *new)
    assert kinds(tell(notices=one)) == [("closed", "B0@2024-04-01"), ("grouped", "B1@2024-04-01")]
    published.publish("2024-05-13", closed("N2", "2024-05-04", "2024-05-05"), *late, *new[:2])
    assert kinds(tell(notices=one)) == [("closed", "N2@2024-05-04"), ("summed", "B1@2024-04-01")]
    published.publish("2024-05-14", closed("N2", "2024-05-04", "2024-05-05"), *late, *new[:2])
    assert kinds(tell(notices=one)) == [("opened", "N0@2024-05-04")], "what a number told for good is not told again"


def test_a_line_says_which_contact_or_which_clock_of_a_ticket_and_when_it_was_due(
    published: Releases, tell: Tell, receiver: Receiver
) -> None:
    def late(subject: str, occasion: str, due: str, **more: Any) -> dict[str, Any]:
        reason = f"W5: overdue 3 >= 1 (due {due}, {occasion})"
        name = f"{subject} {occasion}"
        return alert(subject, "2024-05-02", alert_id=name, rule_id="W5", occasion=occasion, reason=reason, **more)

    rows = [
        late("T1", "first_response", "2024-04-29", subject_type="ticket"),
        late("T1", "resolution", "2024-04-30", subject_type="ticket"),
        late("C1", "birthday 2024", "2024-04-28"),
        late("C1", "retention_abcd_a 2024-04-01#2", "2024-04-27"),
    ]
    english = [row | {"alert_id": row["alert_id"] + "w", "owner": "West team"} for row in rows]
    published.publish("2024-05-02", *rows)
    tell()
    chinese = receiver.texts("east")[-1]
    assert "T1 · 首次响应，2024-04-29到期 · " in chinese
    assert "T1 · 解决，2024-04-30到期 · " in chinese
    assert "C1 · 生日关怀（2024），2024-04-28到期 · " in chinese
    assert "C1 · A级周期触达，2024-04-27到期 · " in chinese
    published.publish("2024-05-03", *(row | {"subject_id": row["subject_id"] + "w"} for row in english))
    tell()
    told = receiver.texts("all")[-1]
    assert "T1w · First response, due 2024-04-29 · " in told
    assert "C1w · Birthday (2024), due 2024-04-28 · " in told
    assert "T1 · 首次响应 · W5 · 自2024-05-02起" in receiver.texts("east")[-1], "one taken back, too"


def test_late_data_that_moves_an_opening_does_not_tell_it_again(published: Releases, tell: Tell) -> None:
    published.publish("2024-05-05", alert("C1", "2024-05-03"), alert("C2", "2024-05-03"))
    tell()
    published.publish("2024-05-06", alert("C1", "2024-05-01"), alert("C2", "2024-05-06"))
    assert kinds(tell()) == []
    published.publish("2024-05-07", closed("C1", "2024-05-02", "2024-05-07"), closed("C2", "2024-05-06", "2024-05-07"))
    assert kinds(tell()) == [("closed", "C1@2024-05-02"), ("closed", "C2@2024-05-06")]
    published.publish("2024-05-08", alert("C1", "2024-05-02"), closed("C2", "2024-05-06", "2024-05-07"))
    assert kinds(tell()) == [("returned", "C1@2024-05-02")], "told as closed, and open after all"


def test_what_a_long_silence_has_dropped_is_a_new_alert_when_it_opens_again(published: Releases, tell: Tell) -> None:
    published.publish("2024-05-05", alert("C1", "2024-05-03"), alert("C2", "2024-05-03"))
    tell()
    published.publish("2024-08-01", alert("C1", "2024-07-20"))
    assert kinds(tell()) == [("opened", "C1@2024-07-20")]
    published.publish("2024-08-02", alert("C1", "2024-07-20"), alert("C2", "2024-08-02"))
    assert kinds(tell()) == [("opened", "C2@2024-08-02")]


def test_only_what_readers_see_is_told_and_never_an_older_day(published: Releases, tell: Tell) -> None:
    published.publish("2024-05-04", alert("C0", "2024-05-04"))
    published.publish("2024-05-05", alert("C1", "2024-05-05"))
    assert tell(as_of=day("2024-05-04")).refused == "Readers see 2024-05-05, not 2024-05-04."
    assert [one.news[0].kind for one in tell(as_of=day("2024-05-04"), is_dry=True).digests] == ["opened"]
    assert kinds(tell(as_of=day("2024-05-05"))) == [("opened", "C1@2024-05-05")]
    published.publish("2024-05-03", alert("C9", "2024-05-03"))
    assert tell().refused == "Readers see 2024-05-03; alerts have been told up to 2024-05-05."
    published.publish("2024-05-06", alert("C9", "2024-05-03"), known_by="2024-05-07")
    assert tell().refused == "The release shows what was known by 2024-05-07."


def test_of_days_long_ago_nothing_is_told(published: Releases, notices: Notices, tell: Tell) -> None:
    usual = notices.model_copy(update={"age": timedelta(days=7)})
    published.publish("2024-05-02", alert("C1", "2024-05-02"))
    done = tell(notices=usual, today=day("2024-05-10"))
    assert done.refused == "Readers see 2024-05-02; of days before 2024-05-03 nothing is told (key age of the file)."
    assert kinds(tell(notices=usual, today=day("2024-05-09"))) == [("opened", "C1@2024-05-02")]


def test_who_refuses_is_tried_again_by_the_next_run_alone(published: Releases, tell: Tell, receiver: Receiver) -> None:
    published.publish("2024-05-02", alert("C1", "2024-05-01"), alert("C2", "2024-05-01", owner="West team"))
    receiver.answers["east"] = 503
    with pytest.raises(SendingError, match="owner East team by JSON: failed in 3 tries") as caught:
        tell()
    assert caught.value.exit_code == 10
    assert (len(receiver.texts("east")), len(receiver.texts("all"))) == (3, 1)
    receiver.answers.clear()
    assert kinds(tell()) == [("opened", "C1@2024-05-01")]
    assert (len(receiver.texts("east")), len(receiver.texts("all"))) == (4, 1)


def test_of_several_addresses_only_those_that_refused_are_tried_again(
    published: Releases, tell: Tell, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTICES_EAST", f"{receiver.address('east')} {receiver.address('mail')}")
    published.publish("2024-05-02", alert("C1", "2024-05-01"))
    receiver.answers["mail"] = 503
    with pytest.raises(SendingError):
        tell()
    receiver.answers.clear()
    [again] = tell().sendings
    assert again.status == "sent"
    assert (len(receiver.texts("east")), len(receiver.texts("mail"))) == (1, 4)
    assert receiver.texts("mail")[0] == receiver.texts("mail")[-1]


def test_a_message_that_may_have_come_is_not_sent_again_until_a_person_says_so(
    published: Releases, notices: Notices, tell: Tell, receiver: Receiver
) -> None:
    published.publish("2024-05-02", alert("C1", "2024-05-01"))
    receiver.answers["east"] = "cut"
    with pytest.raises(SendingError, match="unknown") as caught:
        tell()
    assert "retention notices again" in caught.value.remedy
    receiver.answers.clear()
    with pytest.raises(SendingError, match="unknown"):  # a task that is tried again does not turn green by it
        tell()
    [sending] = Ledger(published.home).read().sendings.values()
    assert (sending.status, len(receiver.texts("east"))) == ("unknown", 1)
    send_again(published.home, notices, Path("notices.yml"), sending.sending)
    assert len(receiver.texts("east")) == 2
    assert Ledger(published.home).read().sendings[sending.sending].status == "sent"
    assert kinds(tell()) == []


def test_a_message_of_which_a_part_was_refused_is_not_sent_again_by_itself(
    published: Releases, tell: Tell, receiver: Receiver
) -> None:
    many = [alert(f"C{number}", "2024-05-01", metric_value=None, reason="x" * 1500) for number in range(30)]
    published.publish("2024-05-02", *many)
    receiver.takes = 1
    with pytest.raises(SendingError, match="a part of it was taken, another refused"):
        tell()
    parts = len(receiver.messages)
    assert parts == 2  # the first one was taken, the second one refused
    receiver.takes = None
    with pytest.raises(SendingError):
        tell()
    assert len(receiver.messages) == parts


def test_alerts_on_two_occasions_of_one_subject_are_told_apart(published: Releases, tell: Tell) -> None:
    first = alert("T1", "2024-05-01", alert_id="first", rule_id="W5", occasion="first_response")
    second = alert("T1", "2024-05-01", alert_id="second", rule_id="W5", occasion="resolution")
    published.publish("2024-05-02", first, second | {"is_in_digest": False})
    assert kinds(tell()) == [("opened", "first"), ("grouped", "second")]
    published.publish("2024-05-03", first, second)
    assert kinds(tell()) == [("opened", "second")]
    ended = {"status": "closed", "closed_on": "2024-05-04"}
    published.publish("2024-05-04", first | ended, second | ended)
    assert kinds(tell()) == [("closed", "first"), ("closed", "second")]


@pytest.mark.parametrize("cut_before", ["write_digest", "write_try", "send", "write_end"])
def test_a_crash_at_any_point_never_makes_two_messages(
    published: Releases, tell: Tell, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, cut_before: str
) -> None:
    published.publish("2024-05-02", alert("C1", "2024-05-01"))
    place = Messenger if cut_before == "send" else Ledger
    with monkeypatch.context() as crash:

        def die(*_: Any, **__: Any) -> None:
            raise KeyboardInterrupt

        crash.setattr(place, cut_before, die)
        with pytest.raises(KeyboardInterrupt):
            tell()
    # Half a line, as a power cut may leave it.
    for path in (published.home.path / "notices").glob("*.jsonl"):
        with path.open("a", encoding="utf-8") as file:
            file.write('{"type": "run", "at": "20')
    for _ in range(2):
        with suppress(SendingError):  # it says that the fate of one is unknown
            tell()
    told = Ledger(published.home).read().told
    assert len(receiver.messages) == (0 if cut_before == "send" else 1)
    assert [one.alert_id for one in told] == ["C1@2024-05-01"]
    statuses = [one.status for one in Ledger(published.home).read().sendings.values()]
    expected = {"write_digest": ["sent"], "write_try": ["waiting", "sent"]}
    assert statuses == expected.get(cut_before, ["unknown"])


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("json://user:password@hooks.example.com:8080/KEY", "json://hooks.example.com"),
        ("mailtos://user:password@mail.example.com?to=east@example.com", "mailtos://mail.example.com"),
        ("dingtalk://SECRET@TOKEN/?format=markdown", "dingtalk://…"),
        ("slack://TOKEN_A/TOKEN_B/TOKEN_C/#channel", "slack://…"),
        ("json://se.cret/word@hooks.example.com/KEY", "json://…"),
        ("json://user:se?cret@hooks.example.com", "json://…"),
        ("json://se.cret#word@hooks.example.com", "json://…"),
    ],
)
def test_of_an_address_its_scheme_is_said_and_a_host_where_it_is_one(address: str, told: str) -> None:
    assert shown(address) == told


def test_two_tellings_do_not_go_on_at_once(published: Releases, tell: Tell) -> None:
    published.publish("2024-05-02", alert("C1", "2024-05-01"))
    with Ledger(published.home).held(), pytest.raises(LockBusyError):
        tell()


def test_owners_without_an_address_are_counted_and_told_once_they_have_one(
    published: Releases, notices: Notices, tell: Tell
) -> None:
    published.publish("2024-05-02", alert("C1", "2024-05-01", owner="West team"))
    assert tell(notices=notices.model_copy(update={"default": None})).without_recipient == 1
    assert kinds(tell()) == [("opened", "C1@2024-05-01")]


def test_a_secret_that_is_not_there_keeps_nobody_else_from_being_told(
    published: Releases, tell: Tell, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOTICES_EAST")
    published.publish("2024-05-02", alert("C1", "2024-05-01"), alert("C2", "2024-05-01", owner="West team"))
    with pytest.raises(SendingError, match="owner East team: secret: NOTICES_EAST is not set"):
        tell()
    assert len(receiver.texts("all")) == 1


def test_synthetic_data_says_so(published: Releases, tell: Tell, receiver: Receiver) -> None:
    published.publish("2024-05-02", alert("C1", "2024-05-01"), is_synthetic=True)
    tell()
    assert "公司并不存在" in receiver.texts("east")[0]


def test_a_release_without_alerts_is_told_so(published: Releases, tell: Tell) -> None:
    import duckdb  # noqa: PLC0415  # for this test alone

    folder = published.publish("2024-05-02")
    with duckdb.connect(str(folder / "retention.duckdb")) as connection:
        connection.execute("drop table marts.alerts")
    with pytest.raises(NotThereError, match="has no alerts"):
        tell()


def test_mail_goes_by_a_local_server_and_what_it_refuses_is_told(tmp_path: Path) -> None:
    class Box:
        answer = "250 OK"
        contents: list[str] = []  # noqa: RUF012  # of one test

        async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802  # its name
            del server, session
            self.contents.append(envelope.content.decode())
            return self.answer

    del tmp_path
    box = Box()
    with_mail = Controller(box, hostname="127.0.0.1", port=free_port())
    with_mail.start()
    try:
        address = f"mailto://127.0.0.1:{with_mail.port}?from=alerts@example.com&to=east@example.com"
        messenger = Messenger(1, timedelta(0), timedelta(seconds=5))
        assert messenger.send(address, "预警", "**New**\n\n- one").status == "sent"
        assert "<strong>New</strong>" in box.contents[0]
        box.answer = "550 no"
        refused = messenger.send(address, "预警", "text")
        assert (refused.status, refused.service) == ("failed", "E-Mail")
        assert "east@example.com" not in str(refused.said), "an address is not shown"
    finally:
        with_mail.stop()


def free_port() -> int:
    import socket  # noqa: PLC0415  # for this test alone

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(
    ("address", "service"),
    [
        ("dingtalk://secret@token/?format=markdown", "DingTalk"),
        ("wecombot://botkey/", "WeCom Bot"),
        ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=69385aa9-d1f1-4d5e", "WeCom Bot"),
        ("lark://token", "Lark (Feishu)"),
        ("feishu://token", "Feishu"),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#retention", "Slack"),
        ("mailtos://user:password@mail.example.com?to=east@example.com", "E-Mail"),
    ],
)
def test_addresses_of_the_chats_are_known(address: str, service: str) -> None:
    assert str(apprise.Apprise.instantiate(address).service_name) == service


def test_no_key_of_an_address_is_said(receiver: Receiver) -> None:
    address = receiver.address("T0PSECRETKEY")
    receiver.answers["T0PSECRETKEY"] = 500
    said = Messenger(1, timedelta(0), timedelta(seconds=5)).send(address, "t", "b").said
    assert said is not None
    assert "T0PSECRETKEY" not in said


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "owners: [{owner: East, secret: {env: A}}, {owner: East, secret: {env: B}}]",
            "owner 'East' stands",
        ),
        ("default: {secret: {env: 'https://hooks.example.com/KEY'}}", "env takes the name of a variable"),
        ("default: {url: 'json://KEY'}", "key default.secret: is missing"),
        ("languages: zh", "there is no such key"),
        ("wait: soon", "key wait: write it as a number with s, m, h or d"),
        ("- a", "must be a mapping of keys"),
        ("a: [", "no valid YAML"),
    ],
)
def test_a_wrong_file_is_told_by_key_and_never_by_value(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "notices.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        read_notices(path)
    assert problem in str(caught.value)
    assert "KEY" not in str(caught.value)


def test_the_example_can_be_read() -> None:
    example = read_notices(Path(__file__).parents[2] / "notices.example.yml")
    assert example is not None
    assert example.recipient_of("nobody") == "default"
    assert set(example.recipients()) >= {"default", "operators"}


@pytest.mark.parametrize(
    "value",
    [
        "json://127.0.0.1/x",
        json.dumps({"conn_type": "generic", "password": "json://127.0.0.1/x"}),
        json.dumps({"conn_type": "apprise", "extra": json.dumps({"config": {"path": "json://127.0.0.1/x"}})}),
        "generic://:json%3A%2F%2F127.0.0.1%2Fx@",
    ],
)
def test_a_connection_holds_its_address_in_any_of_three_ways(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    from retention.notices.declaration import Recipient, addresses  # noqa: PLC0415  # for this test alone

    monkeypatch.setenv("AIRFLOW_CONN_CHAT", value)
    recipient = Recipient.model_validate({"secret": {"connection": "chat"}})
    assert addresses(recipient, "notices.yml: default") == ["json://127.0.0.1/x"]
