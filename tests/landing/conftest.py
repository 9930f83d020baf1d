"""A home and a landing folder for each test."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.landing.landing_room import Room

from retention.errors import RetentionError
from retention.landing import committed_loads


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


@pytest.fixture
def refusal(room: Room) -> Callable[[], str]:
    """Land and return what the user reads, checking that nothing was loaded."""

    def read() -> str:
        with pytest.raises(RetentionError) as caught:
            room.land()
        assert committed_loads(room.home) == []
        assert not list(room.home.raw.glob("*/.tmp-*"))
        return str(caught.value)

    return read
