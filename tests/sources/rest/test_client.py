"""What a source may answer, and what becomes of it: asked again, given up, and never a key in a message."""

import base64
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from tests.sources.rest.conftest import declare, feed_of, ids, open_quickly, read_all
from tests.sources.rest.service import KEY, Reply, Service, order, running

from retention.errors import SettingsError
from retention.landing.contracts import Contract
from retention.sources.extractor import SourceError
from retention.sources.rest.declaration import RestSource
from retention.sources.rest.extractor import RestExtractor, open_rest

EVERY = [order(number)["id"] for number in range(1, 36)]


class Pauses(list[float]):
    """Pauses that are written down, not made."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


def read_with(pauses: Pauses, declared: RestSource, contracts: dict[str, Contract], key: str = KEY) -> list[str]:
    return ids(read_all(RestExtractor(declared, key, sleep=pauses), feed_of(declared, contracts)))


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_source_that_is_busy_is_asked_again(
    service: Service, contracts: dict[str, Contract], pauses: Pauses, status: int
) -> None:
    service.faults += [Reply({"message": "later"}, status)] * 3
    assert sorted(read_with(pauses, declare(service.url), contracts)) == EVERY
    waits = [pause for pause in pauses if pause >= 1]
    assert [int(wait) for wait in waits] in ([1, 2, 4], [1, 2, 5], [1, 3, 4], [1, 3, 5], [2, 2, 4], [2, 3, 4])


def test_retry_after_is_obeyed_in_seconds_and_as_an_instant(
    service: Service, contracts: dict[str, Contract], pauses: Pauses
) -> None:
    instant = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)
    service.faults += [Reply("", 429, {"Retry-After": "17"}), Reply("", 503, {"Retry-After": instant})]
    assert sorted(read_with(pauses, declare(service.url), contracts)) == EVERY
    waits = [pause for pause in pauses if pause >= 1]
    assert waits[0] == 17
    assert 35 < waits[1] <= 40


def test_a_pause_longer_than_we_wait_ends_the_extract(
    service: Service, contracts: dict[str, Contract], pauses: Pauses
) -> None:
    service.faults.append(Reply("", 429, {"Retry-After": "86400"}))
    with pytest.raises(SourceError, match=r"asks for a pause of 86,400 s.*longest_wait"):
        read_with(pauses, declare(service.url), contracts)


def test_what_stays_busy_is_given_up_after_the_tries(
    service: Service, contracts: dict[str, Contract], pauses: Pauses
) -> None:
    service.faults += [Reply({}, 503)] * 10
    with pytest.raises(SourceError, match=r"GET .*/key: answered 503, after 4 tries"):
        read_with(pauses, declare(service.url, tries=4), contracts)
    assert len(service.asked) == 4


def test_a_slow_answer_is_asked_for_again(service: Service, contracts: dict[str, Contract], pauses: Pauses) -> None:
    service.faults.append(Reply({"data": []}, delay=2.5))
    declared = declare(service.url, timeout="1s")
    assert sorted(read_with(pauses, declared, contracts)) == EVERY
    assert len(service.asked) == 5


def test_a_service_that_is_not_there_says_so(contracts: dict[str, Contract], pauses: Pauses) -> None:
    with running(lambda _: Reply()) as gone:
        declared = declare(gone.url, tries=2)
    with pytest.raises(SourceError, match=r"no connection \(Connection refused\), after 2 tries"):
        read_with(pauses, declared, contracts)


@pytest.mark.parametrize(
    "torn",
    [
        Reply(b'{"data": [{"id": "O0'),
        Reply(b"<html>maintenance</html>"),
        Reply(b'{"data"', headers={"Content-Length": "99"}),
    ],
    ids=["half", "a page for people", "cut off"],
)
def test_a_torn_answer_is_asked_for_again(
    service: Service, contracts: dict[str, Contract], pauses: Pauses, torn: Reply
) -> None:
    service.faults.append(torn)
    assert sorted(read_with(pauses, declare(service.url), contracts)) == EVERY


def test_an_answer_that_is_never_json_is_given_up(contracts: dict[str, Contract], pauses: Pauses) -> None:
    with running(lambda _: Reply(b"<html>")) as service, pytest.raises(SourceError, match="is not JSON, after 2 tries"):
        read_with(pauses, declare(service.url, tries=2), contracts)


@pytest.mark.parametrize("status", [400, 404, 422])
def test_what_is_refused_is_not_asked_again(
    service: Service, contracts: dict[str, Contract], pauses: Pauses, status: int
) -> None:
    service.faults.append(Reply({"message": "no such form"}, status))
    with pytest.raises(SourceError, match=rf'answers {status}: {{"message": "no such form"}}'):
        read_with(pauses, declare(service.url), contracts)
    assert len(service.asked) == 1


def test_a_redirect_is_not_followed_with_the_key(
    service: Service, contracts: dict[str, Contract], pauses: Pauses
) -> None:
    service.faults.append(Reply("", 302, {"Location": "https://elsewhere.example/"}))
    with pytest.raises(SourceError, match=r"answers 302, go to https://elsewhere\.example/"):
        read_with(pauses, declare(service.url), contracts)


@pytest.mark.parametrize(
    "answer", [{"items": []}, {"data": {"rows": []}}, {"data": None}, [1]], ids=["missing", "object", "null", "list"]
)
def test_records_that_are_not_where_they_should_be_are_named(
    contracts: dict[str, Contract], pauses: Pauses, answer: Any
) -> None:
    with (
        running(lambda _: Reply(answer)) as service,
        pytest.raises(SourceError, match=r"no list of records at \$\.data"),
    ):
        read_with(pauses, declare(service.url), contracts)


def test_a_required_column_that_no_record_has_is_named(contracts: dict[str, Contract], pauses: Pauses) -> None:
    with running(lambda _: Reply({"data": [{"id": "1", "buyer": {}}]})) as service:
        message = r"no record has customer_id \(buyer\.id\), ordered_at \(created\), .*the records have: buyer, id"
        with pytest.raises(SourceError, match=message):
            read_with(pauses, declare(service.url), contracts)


def test_no_more_requests_a_second_than_declared(service: Service, contracts: dict[str, Contract]) -> None:
    declared = declare(service.url, requests_per_second=10)
    started = time.monotonic()
    read_all(open_rest(declared, KEY), feed_of(declared, contracts))
    assert len(service.asked) == 4
    gaps = [later.at - earlier.at for earlier, later in zip(service.asked, service.asked[1:], strict=False)]
    assert min(gaps) > 0.08
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    ("auth", "header", "shown"),
    [
        ("bearer", "authorization", f"Bearer {KEY}"),
        ("basic", "authorization", "Basic " + base64.b64encode(KEY.encode()).decode()),
        ({"header": "X-Api-Key"}, "x-api-key", KEY),
        ({"header": "Authorization", "prefix": "Token "}, "authorization", f"Token {KEY}"),
    ],
)
def test_the_key_is_shown_as_declared_whatever_stands_in_netrc(
    contracts: dict[str, Contract],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    auth: Any,
    header: str,
    shown: str,
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login other password other\n", encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    with running(lambda _: Reply({"data": []})) as service:
        declared = declare(service.url, auth=auth)
        read_all(open_quickly(declared), feed_of(declared, contracts))
        assert service.asked[0].headers[header] == shown


@pytest.mark.parametrize("auth", ["bearer", "basic", {"header": "X-Api-Key"}])
@pytest.mark.parametrize("status", [302, 400, 401, 403, 500])
def test_no_message_holds_the_key(contracts: dict[str, Contract], pauses: Pauses, auth: Any, status: int) -> None:
    key = "us3r:pa55-w/rd+x="
    forms = [key, "pa55", base64.b64encode(key.encode()).decode(), "pa55-w%2Frd%2Bx%3D"]

    def repeat(asked: Any) -> Reply:
        told = {"told": asked.headers, "all": forms}
        return Reply(told, status, {"Location": f"/?key={forms[-1]}"} if status == 302 else {})

    with running(repeat) as service:
        declared = declare(service.url, auth=auth, tries=2)
        with pytest.raises(SourceError) as caught:
            read_with(pauses, declared, contracts, key)
    said = str(caught.value) + repr(caught.value.__cause__) + repr(caught.value.args)
    assert str(status) in said
    assert not any(form in said for form in forms)


def test_a_missing_secret_is_said_before_anything_is_asked(service: Service) -> None:
    with pytest.raises(SettingsError, match="'shop' has no secret"):
        open_rest(declare(service.url), None)
    assert service.asked == []


def test_it_says_what_answered_and_shows_a_few_rows(service: Service, contracts: dict[str, Contract]) -> None:
    declared = declare(service.url)
    extractor = open_quickly(declared)
    assert extractor.answer().startswith(f"{service.url.removeprefix('http://')} answered /key in ")
    shown = extractor.preview(feed_of(declared, contracts), 5)
    assert shown.num_rows == 5
    assert {name: shown.column(name)[0].as_py() for name in declared.entities[0].columns} == {
        "order_id": "O00001",
        "customer_id": "C1",
        "ordered_at": "2026-02-02T10:00:00Z",
        "amount": "1.5",
        "currency": "CNY",
        "channel": "new;vip",
        "updated_at": "2026-03-01T08:00:00.000Z",
    }


def test_a_preview_names_a_mapped_column_that_no_record_has(service: Service, contracts: dict[str, Contract]) -> None:
    declared = declare(service.url, entity={"columns": declare(service.url).entities[0].columns | {"region": "area"}})
    with pytest.raises(SourceError, match=r"no record has region \(area\)"):
        open_quickly(declared).preview(feed_of(declared, contracts), 5)
