"""No byte of a secret stands in a file under HOME, on the screen or in an error."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.sources.conftest import PASSWORD, READER, Postgres
from tests.sources.source_room import SourceRoom
from tests.sources.test_postgres import COLUMNS, TABLE, orders

from retention.errors import SettingsError
from retention.sources.credentials import Redactor, connection_parts, resolve, secret_for
from retention.sources.declaration import Secret
from retention.sources.extractor import SourceError

WRONG = "wr0ng/p@ss:%w?rd"
ORDERS = {"entity": "orders", "table": "shop.orders"}
FORMS = (WRONG, quote(WRONG, safe=""), quote(WRONG), "wr0ng", "p@ss")


def sql(place: str = "env", **keys: Any) -> dict[str, Any]:
    return {"name": "crm", "kind": "sql", "secret": {place: "CRM"}, "entities": [ORDERS]} | keys


def bucket(port: int = 9, path: str = "s3://exports/*.csv") -> dict[str, Any]:
    options = {"endpoint_url": f"http://127.0.0.1:{port}"}
    entity = {"entity": "orders", "path": path}
    return {"name": "crm", "kind": "files", "secret": {"env": "CRM"}, "options": options, "entities": [entity]}


CASES = {
    "wrong password": (sql(), f"postgresql://{READER}:{quote(WRONG, safe='')}@/postgres?host=HOST"),
    "password alone": (sql(url=f"postgresql://{READER}@/postgres?host=HOST"), WRONG),
    "password that breaks the address": (sql(), f"postgresql://{READER}:{WRONG}@127.0.0.1:9/crm"),
    "password in the query": (sql(), f"postgresql://{READER}@/postgres?host=HOST&password={quote(WRONG, safe='')}"),
    "unknown option": (
        sql(),
        f"postgresql://{READER}@/postgres?host=HOST&pasword={quote(WRONG, safe='')}&password={quote(WRONG, safe='')}",
    ),
    "host that is not there": (sql(), f"postgresql://u:{quote(WRONG, safe='')}@127.0.0.1:9/crm"),
    "no address": (sql(), WRONG),
    "unknown kind of database": (sql(), f"wrong+{READER}://u:{quote(WRONG, safe='')}@127.0.0.1/crm"),
    "sqlite with a password": (sql(), f"sqlite://u:{quote(WRONG, safe='')}@host/x.db"),
    "connection": (
        sql("connection"),
        json.dumps({"conn_type": "postgres", "login": READER, "password": WRONG, "host": "127.0.0.1", "port": 9}),
    ),
    "bucket that is not there": (bucket(), f"KEY:{WRONG}"),
    "bucket with options as JSON": (bucket(), json.dumps({"key": "KEY", "secret": WRONG})),
    "bucket with broken JSON": (bucket(), '{"key": "KEY", "secret": "' + WRONG),
    "file system that is not there": (bucket(path="nofs://exports/*.csv"), f"KEY:{WRONG}"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("command", [["extract", "crm", "--verbose"], ["source", "test", "crm"]])
@pytest.mark.parametrize("case", CASES)
def test_no_byte_of_a_secret_leaves_a_source_that_fails(
    room: SourceRoom, postgres: Postgres, case: str, command: list[str]
) -> None:
    declared, secret = CASES[case]
    declared = json.loads(json.dumps(declared).replace("HOST", postgres.host))
    room.declare(declared)
    names = {"CRM": secret.replace("HOST", postgres.host), "RETENTION_CONNECTION_CRM": secret, "AWS_MAX_ATTEMPTS": "1"}
    done = room.run(*command, **names)
    assert done.returncode in (2, 8, 9), done.stdout + done.stderr
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
    written = done.stdout + done.stderr + "".join(texts(room.home.path))
    assert [form for form in FORMS if form in written] == []


def texts(folder: Path) -> list[str]:
    return [path.read_bytes().decode("utf-8", "replace") for path in folder.rglob("*") if path.is_file()]


def test_no_byte_of_a_secret_stands_in_what_a_good_extract_leaves(
    room: SourceRoom, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.execute(TABLE + ";" + orders(1, 20))
    room.declare(sql(entities=[ORDERS | {"columns": COLUMNS, "cursor": {"column": "changed_at"}}]))
    monkeypatch.setenv("CRM", f"postgresql://{READER}:{quote(PASSWORD, safe='')}@/postgres?host={postgres.host}")
    room.extract()
    found = texts(room.home.path)
    room.land()
    written = "".join(found + texts(room.home.path) + room.lines)
    assert "sql://crm/shop.orders" in written
    assert [form for form in (PASSWORD, quote(PASSWORD, safe="")) if form in written] == []


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("postgresql://u:hunter22@db/crm", "password hunter22 of u"),
        ("postgresql://u:hunter%2622@db/crm", "password hunter&22"),
        ("postgresql://u:hunter/22@db/crm", "invalid port number: hunter"),
        ("tokenabc", "Authorization: Bearer tokenabc"),
        ("tokenabc", "dG9rZW5hYmM="),
        ("KEY:hunter22", "hunter22"),
        ('{"login": "u", "password": "hunter22"}', "hunter22"),
        ('{"login": "u", "extra": "{\\"api_token\\": \\"hunter22\\"}"}', "hunter22"),
        ("mysql://u@db/crm?ssl_password=hunter22", "hunter22"),
    ],
)
def test_a_secret_and_its_parts_are_cut_out(secret: str, said: str) -> None:
    cleaned = Redactor(secret).clean(said)
    assert "***" in cleaned
    assert not [part for part in ("hunter", "tokenabc", "dG9rZW5hYmM") if part in cleaned]


def test_a_drivers_error_becomes_one_clean_line() -> None:
    redactor = Redactor("postgresql://u:hunter22@db/crm")
    with pytest.raises(SourceError) as caught, redactor.guard("crm", "Look there."):
        raise ValueError("cannot reach postgresql://u:hunter22@db/crm\nin line 2")
    assert str(caught.value) == "crm: ValueError: cannot reach *** in line 2. Look there."
    assert caught.value.__suppress_context__


def test_a_connection_is_found_where_the_dag_or_airflow_put_it(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = Secret(connection="crm-db")
    with pytest.raises(SettingsError, match="RETENTION_CONNECTION_CRM_DB or AIRFLOW_CONN_CRM_DB is not set"):
        resolve(secret, "sources.yml: source 'crm'")
    monkeypatch.setenv("AIRFLOW_CONN_CRM_DB", "postgres://u:p%40ss@db:5433/crm?sslmode=require")
    text = resolve(secret, "here")
    assert secret_for("sql", secret, text) == "postgresql://u:p%40ss@db:5433/crm?sslmode=require"
    assert secret_for("rest", secret, text) == "p@ss"
    assert json.loads(str(secret_for("files", secret, "aws://KEY:p%40ss@"))) == {"key": "KEY", "secret": "p@ss"}
    assert connection_parts('{"login": "u", "extra": "{\\"a\\": 1}"}')["extra"] == {"a": 1}
