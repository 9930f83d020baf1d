"""The ledger's old months are put away, and nothing that was told is told again by it."""

import gzip
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.notices.conftest import Releases, alert, closed, day

from retention.notices import Ledger, Notices, notify
from retention.notices.archive import archive, carried
from retention.notices.ledger import Told
from retention.publication.chosen_release import find_release

MONTH = "ledger-2024-05.jsonl"


@pytest.fixture
def ledger(published: Releases, notices: Notices) -> Ledger:
    """A ledger whose lines of three days were written in May 2024: C1 stands, C2 and C3 have ended, C3 is not known."""
    published.publish("2024-05-02", *(alert(f"C{n}", "2024-05-01") for n in (1, 2, 3)))
    tell(published, notices)
    ended = [closed(f"C{n}", "2024-05-01", "2024-05-03") for n in (2, 3)]
    published.publish("2024-05-03", alert("C1", "2024-05-01"), *ended)
    tell(published, notices)
    published.publish("2024-05-04", alert("C1", "2024-05-01"), ended[0])
    found = Ledger(published.home)
    [path] = found.months()
    path.rename(found.folder / MONTH)
    return found


@pytest.fixture
def notices(monkeypatch: pytest.MonkeyPatch, receiver: Any) -> Notices:
    monkeypatch.setenv("NOTICES_ALL", receiver.address("all"))
    return Notices.model_validate({"wait": "0s", "age": "4000d", "default": {"secret": {"env": "NOTICES_ALL"}}})


def tell(published: Releases, notices: Notices, today: str = "2024-05-08") -> list[tuple[str, str]]:
    done = notify(published.home, notices, Path("notices.yml"), today=day(today))
    return [(one.kind, one.subject_id) for sending in done.sendings for one in sending.alerts]


def test_an_old_month_is_put_away_whole_and_what_stands_is_carried_over(
    published: Releases, ledger: Ledger, notices: Notices
) -> None:
    before, lines = ledger.read(), (ledger.folder / MONTH).read_bytes()
    assert tell(published, notices, "2025-05-20") == [], "today, the ledger is 400 days old at the most"
    assert (ledger.folder / MONTH).exists()
    assert tell(published, notices, "2025-07-10") == []
    assert not (ledger.folder / MONTH).exists()
    assert gzip.decompress((ledger.folder / "archive" / f"{MONTH}.gz").read_bytes()) == lines
    history = ledger.read()
    assert history.last_day == date(2024, 5, 4)
    assert {one.subject_id for one in history.told} == {"C1", "C2"}, "C3 ended and is in the release no more"
    assert [one for one in before.told if one.subject_id != "C3"] == history.told
    assert tell(published, notices, "2025-07-10") == []
    published.publish("2024-05-05", closed("C1", "2024-05-01", "2024-05-05"))
    assert tell(published, notices, "2025-07-10") == [("closed", "C1")], "its end is told, once"
    assert tell(published, notices, "2025-07-10") == []


@pytest.mark.parametrize("step", ["_compress", "_carry", "unlink"])
def test_a_crash_at_any_step_leaves_a_ledger_that_tells_nothing_twice(
    published: Releases, ledger: Ledger, notices: Notices, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise OSError("no space left")

    release = find_release(published.home)
    with monkeypatch.context() as broken:
        broken.setattr(*((Path, step) if step == "unlink" else (f"retention.notices.archive.{step}",)), crash)
        with pytest.raises(OSError, match="no space"):
            archive(ledger, date(2025, 1, 1), release)
    assert {one.subject_id for one in ledger.read().told} >= {"C1", "C2"}
    assert tell(published, notices) == []
    archive(ledger, date(2025, 1, 1), release)
    assert {one.subject_id for one in ledger.read().told} == {"C1", "C2"}
    assert not (ledger.folder / MONTH).exists()
    assert tell(published, notices) == []


def test_months_are_archived_one_after_the_other(published: Releases, ledger: Ledger, notices: Notices) -> None:
    release = find_release(published.home)
    archive(ledger, date(2025, 1, 1), release)
    once = [one for one in ledger.read().told if one.subject_id == "C1"]
    published.publish("2024-05-06", alert("C1", "2024-05-01"), alert("C4", "2024-05-06"))
    assert tell(published, notices) == [("opened", "C4")]
    [path] = ledger.months()
    path.rename(ledger.folder / "ledger-2024-06.jsonl")
    [kept] = archive(ledger, date(2025, 1, 1), find_release(published.home))
    assert kept.name == "ledger-2024-06.jsonl.gz"
    assert {one.subject_id for one in ledger.read().told} == {"C1", "C4"}
    assert [one for one in once if one.subject_id == "C1"] == [
        one for one in ledger.read().told if one.subject_id == "C1"
    ]
    assert archive(ledger, date(2025, 1, 1), release) == [], "nothing is that old any more"
    assert tell(published, notices) == []


def told(kind: str, subject: str, on: int) -> Told:
    then = date(2024, 1, 1) + timedelta(days=on)
    return Told(kind, f"{subject}@{on}", "W2", "customer", subject, then, "East", then)


def test_what_was_told_of_an_alert_is_carried_whole_or_not_at_all() -> None:
    past = [
        told("opened", "ENDED", 1), told("closed", "ENDED", 2), told("grouped", "COUNTED", 3),
        told("opened", "STANDS", 1), told("closed", "STANDS", 2), told("opened", "STANDS", 5),
        told("grouped", "SEEN", 3), told("lapsed", "SEEN", 4),
    ]  # fmt: skip
    kept = carried(past, {told("grouped", "SEEN", 0).key})
    assert kept == [one for one in past if one.subject_id in ("STANDS", "SEEN")]
