"""Every way of paging reads every row, also while rows come and go between two requests."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from tests.sources.rest.conftest import PAGINGS, declare, feed_of, ids, open_quickly, read_all
from tests.sources.rest.service import Reply, Service, Shop, order, running

from retention.landing.contracts import Contract
from retention.sources.extractor import SourceError

PLACES = ("page", "offset")
NAMES = ("token", "link", "key")


def every_id(numbers: range) -> list[str]:
    return [order(number)["id"] for number in numbers]


@pytest.mark.parametrize("paging", PAGINGS)
@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 20, 35])
def test_every_row_is_read_once(
    shop: Shop, service: Service, contracts: dict[str, Contract], paging: str, count: int
) -> None:
    shop.rows = shop.rows[:count]
    declared = declare(service.url, paging)
    pages = read_all(open_quickly(declared), feed_of(declared, contracts))
    assert sorted(ids(pages)) == every_id(range(1, count + 1))
    assert pages[-1].resume is None
    assert all(page.resume for page in pages[:-1])


def test_a_feed_without_paging_is_one_request(contracts: dict[str, Contract]) -> None:
    with running(lambda _: Reply([order(1), order(2)])) as service:
        declared = declare(service.url, entity={"pagination": {"kind": "none"}, "records": "$"})
        assert ids(read_all(open_quickly(declared), feed_of(declared, contracts))) == ["O00001", "O00002"]
        assert len(service.asked) == 1


@pytest.mark.parametrize("paging", PLACES)
@pytest.mark.parametrize("deleted", [1, 3, 9, 10, 14, 25])
def test_rows_that_slide_because_others_are_deleted_are_not_lost(
    shop: Shop, service: Service, contracts: dict[str, Contract], paging: str, deleted: int
) -> None:
    shop.before[2 if paging == "offset" else 4] = lambda rows: rows.__delitem__(slice(0, deleted))
    declared = declare(service.url, paging)
    read = ids(read_all(open_quickly(declared), feed_of(declared, contracts)))
    assert set(read) >= {row["id"] for row in shop.rows}


def test_a_reader_that_trusts_page_numbers_would_lose_them(shop: Shop) -> None:
    """That the test above can fail: the rows that slide are lost to whoever asks for pages 1, 2, 3."""
    read: set[str] = set()
    for page in range(4):
        if page == 1:
            del shop.rows[:3]
        read |= {row["id"] for row in shop.rows[page * 10 : page * 10 + 10]}
    assert {row["id"] for row in shop.rows} - read == {"O00011", "O00012", "O00013"}


def random_changes(dice: random.Random, kinds: str) -> Callable[[list[dict[str, Any]]], None]:
    """Delete or put in a few rows anywhere."""

    def change(rows: list[dict[str, Any]]) -> None:
        for _ in range(dice.randrange(4)):
            if dice.choice(kinds) == "-" and rows:
                del rows[dice.randrange(len(rows))]
            else:
                rows.insert(dice.randrange(len(rows) + 1), order(dice.randrange(10_000, 99_999)))

    return change


@pytest.mark.parametrize(("paging", "kinds"), [("offset", "-+"), ("page", "-"), ("page", "+")])
@pytest.mark.parametrize("seed", range(15))
def test_rows_that_are_there_all_the_time_are_read_whatever_comes_and_goes(
    service: Service, shop: Shop, contracts: dict[str, Contract], paging: str, kinds: str, seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311  # no secret hangs on it
    shop.rows = [order(number) for number in range(1, 121)]
    shop.before = {number: random_changes(dice, kinds) for number in range(2, 60)}
    started_with = {row["id"] for row in shop.rows}
    declared = declare(service.url, paging)
    read = set(ids(read_all(open_quickly(declared), feed_of(declared, contracts))))
    assert len(service.asked) > 10
    assert read >= started_with & {row["id"] for row in shop.rows}


@pytest.mark.parametrize("paging", NAMES)
def test_keys_and_tokens_lose_nothing_when_rows_are_deleted(
    shop: Shop, service: Service, contracts: dict[str, Contract], paging: str
) -> None:
    shop.before[2] = lambda rows: rows.__delitem__(slice(0, 12))
    declared = declare(service.url, paging)
    read = ids(read_all(open_quickly(declared), feed_of(declared, contracts)))
    assert set(read) >= {row["id"] for row in shop.rows}
    assert len(read) == len(set(read))


@pytest.mark.parametrize(
    ("paging", "message"),
    [("page", "page 5 is the same as page 4"), ("token", "names itself"), ("key", "comes that row again")],
)
def test_a_source_that_does_not_know_the_parameter_is_not_read_for_ever(
    contracts: dict[str, Contract], paging: str, message: str
) -> None:
    same = {"data": [order(number) for number in range(10)], "paging": {"next": {"after": "x"}}}
    with running(lambda _: Reply(same)) as service:
        declared = declare(service.url, paging)
        with pytest.raises(SourceError, match=message):
            read_all(open_quickly(declared), feed_of(declared, contracts))


def test_an_offset_that_is_not_known_is_not_read_for_ever(contracts: dict[str, Contract]) -> None:
    same = {"data": [order(number) for number in range(10)]}
    with running(lambda _: Reply(same)) as service:
        declared = declare(service.url, "offset")
        with pytest.raises(SourceError, match="are those that came before"):
            read_all(open_quickly(declared), feed_of(declared, contracts))


@pytest.mark.parametrize("paging", PLACES)
def test_rows_without_an_order_of_their_own_are_given_up(
    shop: Shop, service: Service, contracts: dict[str, Contract], paging: str
) -> None:
    shop.rows = [order(number) for number in range(2000)]
    dice = random.Random(7)  # noqa: S311  # no secret hangs on it
    shop.before = dict.fromkeys(range(1, 5000), dice.shuffle)
    declared = declare(service.url, paging)
    with pytest.raises(SourceError, match="in another order every time"):
        read_all(open_quickly(declared), feed_of(declared, contracts))


@pytest.mark.parametrize("paging", PAGINGS)
@pytest.mark.parametrize("stop", [1, 2, 3])
def test_a_reading_goes_on_behind_any_page(
    service: Service, contracts: dict[str, Contract], paging: str, stop: int
) -> None:
    declared = declare(service.url, paging)
    feed = feed_of(declared, contracts)
    first = []
    for page in open_quickly(declared).pages(feed, None, None):
        first.append(page)
        if len(first) == stop:
            break
    asked = len(service.asked)
    rest = list(open_quickly(declared).pages(feed, None, first[-1].resume))
    assert sorted(ids(first + rest)) == every_id(range(1, 36))
    assert asked == stop, "a page was asked for before it was wanted"


def test_a_token_that_has_expired_begins_anew(service: Service, contracts: dict[str, Contract]) -> None:
    declared = declare(service.url, "token")
    feed = feed_of(declared, contracts)
    first = next(open_quickly(declared).pages(feed, None, None))
    service.faults.append(Reply({"message": "token expired"}, 410))
    rest = list(open_quickly(declared).pages(feed, None, first.resume))
    assert sorted(ids(rest)) == every_id(range(1, 36))
    assert "after" not in service.asked[2].params


def test_a_link_to_another_host_is_not_shown_the_key(contracts: dict[str, Contract]) -> None:
    away = {"Link": '<https://elsewhere.example/orders?page=2>; rel="next"'}
    with running(lambda _: Reply({"data": [order(1)]}, headers=away)) as service:
        declared = declare(service.url, "link")
        with pytest.raises(SourceError, match=r"said to be at elsewhere\.example"):
            read_all(open_quickly(declared), feed_of(declared, contracts))
