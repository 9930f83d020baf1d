"""What all sources in `sources.yml` declare alike; each kind adds its own keys in a model of its own.

sources:
  - name: crm
    kind: sql
    secret: {env: CRM_URL}
    schedule: "0 6 * * *"
    entities:
      - entity: customers
        table: public.customer
        columns: {customer_id: cust_no, updated_at: changed_at}
        cursor: {column: changed_at, overlap: 15m}
"""

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

NAME = r"^[a-z][a-z0-9_]*$"
DAILY_AT_SIX = "0 6 * * *"
SECRET_NAME = re.compile(
    r"(^|[_-])(password|passwd|pwd|secret|token|api[_-]?key|apikey|access[_-]?key|authorization|auth|cookie|sig(nature)?)$",
    re.IGNORECASE,
)
CRON = r"^\s*([0-9A-Za-z*/,?#-]+\s+){4}[0-9A-Za-z*/,?#-]+\s*$"
VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _duration(text: object) -> object:
    if isinstance(text, timedelta):  # a default
        return text
    found = re.fullmatch(r"(\d+)([smhd])", text) if isinstance(text, str) else None
    if found is None:
        raise ValueError("write it as a number with s, m, h or d, such as 15m")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def _overlap(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    return _duration(value)


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Overlap = Annotated[timedelta | int, BeforeValidator(_overlap)]


def no_secret_in(names: Iterable[str], where: str) -> None:
    """Refuse parameters or headers whose name says that a key or password stands there.

    Raises:
        ValueError: one does; the message holds its name, not its value.
    """
    for name in names:
        if SECRET_NAME.search(name):
            raise ValueError(f"{where}: '{name}' would be a secret written in the file; name it as secret instead")


class Declared(BaseModel):
    """A part of `sources.yml`; a key that nobody knows is an error, lest a slip of the pen go unseen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Secret(Declared):
    """Where a secret stands: in a variable of the environment or in an Airflow connection, never in the file."""

    env: str | None = Field(None, description="Variable of the environment.")
    connection: str | None = Field(None, description="Airflow connection.")

    @model_validator(mode="after")
    def _one_place(self) -> "Secret":
        if (self.env is None) == (self.connection is None):
            raise ValueError("name either env or connection")
        if self.env is not None and not re.match(VARIABLE, self.env):
            raise ValueError("env takes the name of a variable (letters, digits, _), not the secret itself")
        return self


class CursorDeclared(Declared):
    """By which column new and changed rows are asked for."""

    column: str = Field(description="Column or JSON path of the source that grows with every change.")
    overlap: Overlap = Field(
        timedelta(0),
        description="How far behind the last value an extract begins, for late commits: 15m, or a plain number where "
        "the cursor is a number.",
    )


class EntityDeclared(Declared):
    """One entity that a source delivers."""

    entity: str = Field(pattern=NAME, description="Entity, by the name of its contract.")
    columns: dict[str, str] = Field(
        default_factory=dict, description="Contract column: column or JSON path of the source. Others keep their names."
    )
    cursor: CursorDeclared | None = Field(None, description="Without one, all rows come every time.")


class SourceDeclared(Declared):
    """What every source declares."""

    name: str = Field(pattern=NAME, description="Name of the source; it stands in the ledger.")
    secret: Secret | None = Field(None, description="Address or key, by reference.")
    kind: str
    schedule: str = Field(
        DAILY_AT_SIX, pattern=CRON, description="When its DAG runs: five cron fields, in the business's time zone."
    )

    def uri(self, entity: str) -> str:
        """Where an entity comes from, for the ledger; it never holds a secret."""
        return f"{self.kind}://{self.name}/{entity}"
