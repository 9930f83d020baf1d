"""Personal values stand in the vault and nowhere else."""

import hashlib
import hmac
import stat
from pathlib import Path

import duckdb
import pytest
from tests.landing.landing_room import Room

from retention.landing.vault import hmac_sql, set_key

SECRETS = ("Zorblatt", "quuxify", "5550199", "1987-06", "Chief Frobnicator", "91330100FROB", "Ytterby")
HEADER = "customer_id,name,contact_name,contact_title,phone,email,registration_no,birthday,region,nickname\n"
PERSON = (
    "C1,Zorblatt Ltd,Quuxify Person,Chief Frobnicator,+86 13755501990,Quuxify@Mail.Example,91330100FROB,1987-06-05,"
    "East,Ytterby\n"
)


def deliver(room: Room, extra: str = "") -> None:
    sound = "".join(f"K{at},,,,,,,,East,\n" for at in range(60))
    room.put_orders()
    room.put("customers/c.csv", HEADER + PERSON + sound + extra)
    room.land()


def outside_the_vault(home: Path) -> list[Path]:
    return [path for path in home.rglob("*") if path.is_file() and "vault" not in path.relative_to(home).parts]


def test_no_personal_value_is_found_outside_the_vault(room: Room) -> None:
    bad = PERSON.replace("C1", "C2").replace("1987-06-05", "1987-06")
    broken = PERSON.replace("C1", "C3").replace("Zorblatt Ltd", '"Zorblatt"x')
    short = PERSON.replace("C1", "C4").replace(",East", "")
    deliver(room, bad + broken + short)
    assert room.manifest("customers")["rows_quarantined"] == 3
    files = outside_the_vault(room.home.path)
    assert {path.name for path in files} == {"part.parquet", "quarantine.parquet", "manifest.json"}
    for path in files:
        text = path.read_bytes().decode("latin-1")
        if path.suffix == ".parquet":
            text += str(duckdb.sql(f"from '{path}'").fetchall())
        for secret in SECRETS:
            assert secret.lower() not in text.lower(), f"{secret} in {path}"
    assert not any(secret in line for secret in SECRETS for line in room.lines)


def test_raw_keeps_hashes_month_and_day(room: Room) -> None:
    deliver(room)
    key = (room.home.vault / "hash.key").read_bytes()
    expected = ["zorblattltd", "quuxifyperson", "+8613755501990", "quuxify@mail.example", "91330100FROB"]
    columns = "name_hash, contact_name_hash, phone_hash, email_hash, registration_no_hash, birth_month, birth_day"
    assert room.rows("customers", columns)[0] == (
        *(hmac.new(key, value.encode(), hashlib.sha256).hexdigest() for value in expected),
        6,
        5,
    )
    assert room.rows("customers", columns)[1] == (None,) * 7


def test_the_vault_keeps_the_values_by_key(room: Room) -> None:
    deliver(room)
    (part,) = room.home.vault.glob("customers/load=*/part.parquet")
    columns = "customer_id, name, phone, birthday::varchar, _load_seq, _line_no"
    assert duckdb.sql(f"select {columns} from '{part}' order by _line_no").fetchall()[0] == (
        "C1", "Zorblatt Ltd", "+86 13755501990", "1987-06-05", 1, 2,
    )  # fmt: skip


def test_the_vault_keeps_bad_rows_as_they_came(room: Room) -> None:
    broken = PERSON.replace("C1", "C3").replace("Zorblatt Ltd", '"Zorblatt"x')
    deliver(room, broken + PERSON.replace("C1", "C2").replace("1987-06-05", "1987-06"))
    assert room.quarantine("reason, column_name") == [("broken line", None), ("unparsable", "birthday")]
    withheld = [raw for (raw,) in room.quarantine("raw_row")]
    assert withheld[0] == "withheld"
    assert '"birthday":"withheld"' in withheld[1]
    (file,) = room.home.vault.glob("customers/load=*/quarantine.parquet")
    raw = [row for (row,) in duckdb.sql(f"select raw_row from '{file}' order by line_no").fetchall()]
    assert raw[0] == broken.strip()
    assert '"birthday":"1987-06"' in raw[1]


def test_only_the_owner_can_open_the_vault(room: Room) -> None:
    deliver(room)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [room.home.vault, *room.home.vault.rglob("*")]}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}


def test_nothing_of_the_reading_is_left_on_disk(room: Room) -> None:
    text = 'order_id,customer_id,ordered_at,amount,region\nO1,C1,2024-01-01,1,"华\n东"\n'
    room.put("orders/o.csv", text.encode("gb18030"))
    room.land()
    assert not list(room.home.vault.glob(".scratch-*"))


def test_the_key_is_made_once_and_hashes_differ_between_homes(tmp_path: Path) -> None:
    rooms = [Room(tmp_path / name) for name in ("a", "b")]
    for room in rooms:
        deliver(room)
        key = (room.home.vault / "hash.key").read_bytes()
        room.put_orders(name="more.csv", count=3)
        room.land()
        assert (room.home.vault / "hash.key").read_bytes() == key
    assert rooms[0].rows("customers", "phone_hash")[0] != rooms[1].rows("customers", "phone_hash")[0]


@pytest.mark.parametrize("text", ["", "a", "手机 138", "x" * 200, "back\\slash \\x41"])
@pytest.mark.parametrize("key", [b"k" * 32, bytes(range(32)), b"\0" * 32])
def test_the_keyed_hash_is_hmac_sha256(key: bytes, text: str) -> None:
    with duckdb.connect() as connection:
        set_key(connection, key)
        (value,) = connection.execute(f"select {hmac_sql('$text')}", {"text": text}).fetchone() or ()
    assert value == hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
