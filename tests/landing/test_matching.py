"""Spellings of one value are one key; what is nobody's is no key; the shortcut says what the library says."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import phonenumbers
import pytest

from retention.errors import SettingsError
from retention.landing import land
from retention.landing.matching import normal_form, plain_form_sql, plain_pattern
from retention.sql import literal

if TYPE_CHECKING:
    from tests.landing.landing_room import Room

NOBODYS = {
    "phone": [
        "00000000000",
        "13800000000",
        "13888888888",
        "13012345678",
        "13800138000",
        "123",
        "-",
        "none",
        "10086",
        "1380013",
    ],
    "email": ["-", "none", "a@b", "@c.com", "a b c", "ann@", "a@@"],
    "registration": ["-", "0000000000", "AB12", "无", "......"],
    "name": ["-", " . "],
}  # fmt: skip
ALIKE = {
    ("phone", "+8613712345670"): [
        "13712345670", "137 1234 5670", "137-1234-5670", "+86 137 1234 5670", "+8613712345670", "008613712345670",
        "86 13712345670", " (+86) 137-1234-5670", "１３７１２３４５６７０",
        "＋８６ 13712345670", "13712345670/02155554444",
        "tel 13712345670", "137.1234.5670", "13712345670 ext. 12",
    ],
    ("phone", "+862155554444"): [
        "021-55554444", "(021) 5555 4444", "+86 21 5555 4444", "021-55554444转801", "021-55554444 分机 12",
        "02155554444#3", "０２１－５５５５４４４４",
    ],
    ("phone", "+14155552671"): ["+1 415-555-2671", "001 (415) 555 2671"],
    ("email", "ann.li@example.com"): ["Ann.Li@Example.com", " ann.li@example.com ", "ａｎｎ．ｌｉ＠example.com"],
    ("registration", "91330100MA2AX12X3F"): [
        "91330100ma2ax12x3f", "91330100-MA2AX12X-3F", "９１３３０１００MA2AX12X3F",
        "91330100 MA2A X12X 3F",
    ],
    ("name", "zhangsan"): ["Zhang San", "  ZHANG\tsan", "zhang-san"],
    ("name", "张三"): ["张三", "张 三", "张·三"],
    ("name", "acmecoltd"): ["ACME Co., Ltd.", "Acme Co Ltd", "ＡＣＭＥ Co Ltd"],
}  # fmt: skip


def by_sql(text: str, normaliser: str, region: str = "CN") -> tuple[bool, str | None]:
    """Whether the pattern covers a text, and what SQL makes of it then."""
    pattern = plain_pattern(normaliser, region)
    if pattern is None:
        return False, None
    covers = f"regexp_full_match(text, {literal(pattern)})"
    query = f"select {covers}, {plain_form_sql('text', normaliser, region)} from (select {literal(text)} as text)"
    (covered, form) = duckdb.sql(query).fetchall()[0]
    return covered, form if covered else None


@pytest.mark.parametrize(("normaliser", "form"), ALIKE)
def test_spellings_of_one_value_have_one_form(normaliser: str, form: str) -> None:
    for text in ALIKE[normaliser, form]:
        assert normal_form(text, normaliser, "CN") == form, text
        covered, told = by_sql(text, normaliser)
        assert not covered or told == form, text


@pytest.mark.parametrize("normaliser", NOBODYS)
def test_what_is_nobodys_has_no_form(normaliser: str) -> None:
    for text in NOBODYS[normaliser]:
        assert normal_form(text, normaliser, "CN") is None, text
        assert by_sql(text, normaliser)[1] is None, text


def test_a_number_without_calling_code_is_of_the_default_region() -> None:
    assert normal_form("(415) 555-2671", "phone", "US") == "+14155552671"
    assert normal_form("13712345670", "phone", "US") is None
    assert normal_form("2123 4567", "phone", "HK") == "+85221234567"


def test_the_shortcut_says_what_the_library_says() -> None:
    """Every five digits that a mobile number may begin with, in every spelling of the pattern."""
    rng = np.random.default_rng(20260301)
    starts = ["".join(digits) for digits in itertools.product("1", "3456789", *["0123456789"] * 3)]
    texts = []
    for start in starts:
        number = start + f"{rng.integers(10**6):06d}"
        code, gap, within = (
            rng.choice(["", "+86", "86", "0086"]),
            rng.choice(["", " ", "-"]),
            rng.choice(["", " ", "-"]),
        )
        texts.append(f"{code}{gap if code else ''}{number[:3]}{within}{number[3:7]}{within}{number[7:]}")
    listed = ", ".join(f"({literal(text)})" for text in texts)
    pattern = literal(str(plain_pattern("phone", "CN")))
    told = duckdb.sql(
        f"select text, {plain_form_sql('text', 'phone', 'CN')} from (values {listed}) as t(text) "
        f"where regexp_full_match(text, {pattern})"
    ).fetchall()
    assert len(told) > len(starts) / 2
    for text, form in told:
        parsed = phonenumbers.parse(text, "CN")
        whole = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        assert phonenumbers.is_valid_number(parsed), text
        assert form == normal_form(text, "phone", "CN"), text
        assert form in (whole, None), text


def test_the_other_shortcuts_say_what_python_says() -> None:
    rng = np.random.default_rng(7)
    letters = "aZ0 9.-_@张三,&'\"/"
    for normaliser in ("email", "registration", "name"):
        for _ in range(400):
            text = "".join(rng.choice(list(letters), rng.integers(1, 12))).strip()
            covered, form = by_sql(text, normaliser)
            assert not covered or form == normal_form(text, normaliser, "CN"), text


def deliver(room: Room) -> None:
    """Three spellings of one person, and a profile that is nobody's."""
    room.put(
        "customers/a.csv",
        "customer_id,phone,email,registration_no,name\n"
        "C1,13712345670,ann@example.com,,张 三\nC2,+86 137-1234-5670,ANN@example.com,,张三\n"
        "C3,１３７１２３４５６７０,,,张三\nC4,00000,none,-,\n",
    )
    room.put_orders()


def test_raw_has_one_hash_for_all_spellings_and_the_manifest_tells_how_it_was_made(room: Room) -> None:
    deliver(room)
    room.land()
    phones, emails, names = (
        dict(room.rows("customers", f"customer_id, {kind}_hash")) for kind in ("phone", "email", "name")
    )
    assert phones["C1"] == phones["C2"] == phones["C3"] != phones["C4"] is None
    assert emails["C1"] == emails["C2"] != emails["C4"] is None
    assert names["C1"] == names["C2"] == names["C3"] is not None
    assert room.manifest("customers")["matching"] == "2:CN"
    assert room.manifest("customers")["unusable"] == {"phone": 1, "email": 1, "registration_no": 1}
    assert "customers/a.csv: 1 values of 'phone' can be nobody's, and match nobody" in room.lines
    assert "matching" not in room.manifest("orders")


def test_a_region_without_numbers_is_refused(room: Room) -> None:
    deliver(room)
    with pytest.raises(SettingsError, match="RETENTION_DEFAULT_REGION is 'XX'"):
        land(room.home, room.landing, room.contracts, timezone=room.timezone, progress=print, default_region="XX")
    assert list(room.home.raw.glob("*/load=*")) == []


def test_loads_with_keys_of_another_region_are_told_with_the_remedy(room: Room) -> None:
    deliver(room)
    room.land()
    load_id = room.manifest("customers")["load_id"]
    room.land()
    assert not [line for line in room.lines if "another algorithm" in line]
    lines: list[str] = []
    land(room.home, room.landing, room.contracts, timezone=room.timezone, progress=lines.append, default_region="US")
    (told,) = [line for line in lines if "another algorithm" in line]
    assert load_id in told
    assert "retention withdraw LOAD" in told
