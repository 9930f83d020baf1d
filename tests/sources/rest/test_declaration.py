"""What a declaration of kind `rest` may not say."""

from typing import Any

import pytest
from pydantic import ValidationError
from tests.sources.rest.conftest import declare


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"base_url": "ftp://shop"}, "begin it with https://"),
        ({"base_url": "https://user:pass@shop.example"}, "leave user, password and parameters out"),
        ({"base_url": "http://shop.example"}, "http would send the key unencrypted"),
        ({"auth": "none"}, "name both secret and auth, or neither"),
        ({"secret": None}, "name both secret and auth, or neither"),
        ({"timeout": "30"}, "write it as a number with s, m, h or d"),
        ({"requests_per_second": 0}, "greater than 0"),
        ({"token": "x"}, "Extra inputs are not permitted"),
    ],
)
def test_a_source_that_cannot_be_meant_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        declare("http://127.0.0.1:1", **change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cursor": {"column": "updated"}}, "say with since where in the request it goes"),
        ({"since": {"param": "from"}}, "since and incremental need a cursor"),
        ({"pagination": {"kind": "cursor", "path": "$.next", "at": {}}}, "name either param or body"),
        ({"pagination": {"kind": "pages"}}, "does not match any of the expected tags"),
        ({"method": "DELETE"}, "'GET' or 'POST'"),
    ],
)
def test_an_entity_that_cannot_be_meant_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        declare("http://127.0.0.1:1", entity=change)


def test_an_entity_stands_in_a_source_once() -> None:
    entity = {"entity": "orders", "path": "/orders"}
    with pytest.raises(ValidationError, match="orders stands there twice; declare a second source for it"):
        declare("http://127.0.0.1:1", entities=[entity, entity])


def test_http_is_allowed_where_the_user_says_so() -> None:
    assert declare("http://shop.intern", plain_http=True).base_url == "http://shop.intern"
