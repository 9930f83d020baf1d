"""Reads docker-compose.yml the way docker-compose does: YAML with anchors, then variables filled in."""

import re
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[2]
COMPOSE = PROJECT / "docker-compose.yml"
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?P<operator>:[-?])?(?P<word>[^}]*)\}")
SECRETS = ("POSTGRES_PASSWORD", "AIRFLOW_API_SECRET_KEY", "AIRFLOW_JWT_SECRET", "AIRFLOW_FERNET_KEY")


def services(values: dict[str, str] | None = None) -> dict[str, dict[str, Any]]:
    """The services; with `values`, variables are replaced by them."""
    text = COMPOSE.read_text(encoding="utf-8")
    if values is not None:
        text = VARIABLE.sub(lambda found: _fill(found, values), text)
    read: dict[str, dict[str, Any]] = yaml.safe_load(text)["services"]
    return read


def variables() -> dict[str, str]:
    """Every variable of the file with its operator: `:?` is required, `:-` has a default."""
    found = VARIABLE.finditer(COMPOSE.read_text(encoding="utf-8"))
    return {each["name"]: each["operator"] or "" for each in found}


def _fill(found: "re.Match[str]", values: dict[str, str]) -> str:
    if found["name"] in values:
        return values[found["name"]]
    assert found["operator"] == ":-", f"{found['name']} has no value"
    return found["word"]
