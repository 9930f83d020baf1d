"""Secrets: found by reference, handed to a source, and cut out of every line that leaves it.

`sources.yml` names a variable of the environment or an Airflow connection. A connection's value stands in
`RETENTION_CONNECTION_<ID>` (which the DAG's task sets) or `AIRFLOW_CONN_<ID>` (as Airflow reads it), as an address
(`postgresql://user:password@host/database`) or as JSON (`{"conn_type": …, "login": …, "password": …, "host": …}`).
"""

import base64
import json
import logging
import os
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from retention.errors import RetentionError, SettingsError
from retention.sources.declaration import Secret
from retention.sources.extractor import SourceError

REMOVED = "***"
LONGEST = 500  # characters of a driver's message that are shown
SHORTEST = 3  # parts below it are no secrets, and would be cut out of common words
PLAIN_NAME = re.compile(r"[A-Z]{1,15}(_[A-Z]{1,15})*(_?[0-9]{1,2})?")
"""What is surely a variable's name, and may be said. Another text may be the secret itself, pasted in its place."""
SECRET_FIELDS = ("password", "secret", "token", "key", "extra", "passwd", "pwd")


class Redactor:
    """Cuts secrets out of text.

    Args:
        secrets: as they were resolved; their parts and their other spellings are cut out too.
    """

    def __init__(self, *secrets: str | None) -> None:
        parts = {part for secret in secrets if secret for part in _parts(secret)}
        spelt = {form for part in parts for form in _spellings(part)}
        self._spellings = sorted((one for one in spelt if len(one) >= SHORTEST), key=len, reverse=True)

    def clean(self, text: str) -> str:
        """The text without any secret."""
        for spelling in self._spellings:
            text = text.replace(spelling, REMOVED)
        return text

    @contextmanager
    def guard(self, label: str, remedy: str) -> Iterator[None]:
        """Let out of the block only errors, log lines and warnings that are clean.

        Args:
            label: what is at work, for the message: `crm` or `crm/orders`.
            remedy: for an error that names none of its own.

        Raises:
            SourceError: in place of any error of a driver, whose own text and traceback may quote a secret.
        """
        root = logging.getLogger()
        handler = _CleanHandler(self)
        root.addHandler(handler)
        shown = warnings.showwarning
        logging.captureWarnings(True)
        problem: RetentionError
        try:
            yield
            return
        except RetentionError as error:
            problem = type(error)(self.clean(error.problem), self.clean(error.remedy))
        except Exception as error:  # whatever a driver raises
            problem = SourceError(f"{label}: {self.clean(_said(error))[:LONGEST].rstrip('.')}.", remedy)
        finally:
            logging.captureWarnings(False)
            warnings.showwarning = shown
            root.removeHandler(handler)
        raise problem from None  # no traceback shows the driver's error


class _CleanHandler(logging.Handler):
    """Shows warnings of libraries on standard error, clean."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__(logging.WARNING)
        self.redactor = redactor
        self.stream = logging.StreamHandler()

    def emit(self, record: logging.LogRecord) -> None:
        """Show the first line of what was said."""
        text = self.redactor.clean(record.getMessage()).split("\n")[0]
        self.stream.emit(logging.LogRecord(record.name, record.levelno, "", 0, text, None, None))


def resolve(secret: Secret | None, where: str) -> str | None:
    """Read the secret that is referred to.

    Args:
        where: file and source, for the message.

    Raises:
        SettingsError: it is not there.
    """
    if secret is None:
        return None
    for name in names_of(secret):
        value = os.environ.get(name, "").strip()
        if value:
            return value
    is_name = secret.connection or PLAIN_NAME.fullmatch(str(secret.env))
    listed = " or ".join(names_of(secret)) if is_name else "the variable that env names"
    raise SettingsError(f"{where}: secret: {listed} is not set.", "Set it in the environment of this process.")


def names_of(secret: Secret) -> list[str]:
    """The variables in which a secret may stand."""
    if secret.env:
        return [secret.env]
    name = str(secret.connection).upper().replace("-", "_").replace(".", "_")
    return [f"RETENTION_CONNECTION_{name}", f"AIRFLOW_CONN_{name}"]


def connection_parts(text: str) -> dict[str, Any]:
    """Take an Airflow connection apart, JSON or address: conn_type, login, password, host, port, schema, extra."""
    if text.startswith("{"):
        try:
            content: dict[str, Any] = json.loads(text)
        except ValueError:
            raise SettingsError("An Airflow connection is no valid JSON.", "Export it again.") from None
        if isinstance(content.get("extra"), str) and content["extra"]:
            content["extra"] = json.loads(content["extra"])
        return content
    address = urlsplit(text)
    return {
        "conn_type": address.scheme,
        "login": _decoded(address.username),
        "password": _decoded(address.password),
        "host": _decoded(address.hostname),
        "port": address.port,
        "schema": unquote(address.path.lstrip("/")) or None,
        "extra": dict(parse_qsl(address.query)),
    }


def secret_for(kind: str, secret: Secret | None, text: str | None) -> str | None:
    """The secret in the form that a kind of source reads: an address (sql), options as JSON (files), a token (rest)."""
    if text is None or secret is None or secret.connection is None:
        return text
    parts = connection_parts(text)
    if kind == "sql":
        return _address(parts)
    if kind == "files":
        keys = {"key": parts.get("login"), "secret": parts.get("password"), **(parts.get("extra") or {})}
        return json.dumps({name: value for name, value in keys.items() if value})
    return str(parts.get("password") or text)


def _address(parts: Mapping[str, Any]) -> str:
    scheme = {"postgres": "postgresql"}.get(str(parts.get("conn_type")), str(parts.get("conn_type")))
    user = quote(str(parts.get("login") or ""), safe="")
    password = f":{quote(str(parts['password']), safe='')}" if parts.get("password") else ""
    at = "@" if user or password else ""
    port = f":{parts['port']}" if parts.get("port") else ""
    extra = parts.get("extra") or {}
    query = "&".join(f"{quote_plus(str(name))}={quote_plus(str(value))}" for name, value in extra.items()
                     if isinstance(value, str | int) and not name.startswith("__"))  # fmt: skip
    place = f"{parts.get('host') or ''}{port}/{quote(str(parts.get('schema') or ''))}"
    return f"{scheme}://{user}{password}{at}{place}{f'?{query}' if query else ''}"


def _parts(secret: str) -> Iterator[str]:
    """A secret and what in it is secret by itself."""
    yield secret
    if secret.startswith("{"):
        yield from _values(_json(secret))
        return
    _, is_address, rest = secret.partition("://")
    if not is_address:
        yield from secret.split(":")
        return
    # By hand: a password with a slash or a bracket, not written as %2F, makes no address that a parser takes apart.
    userinfo = rest.rpartition("@")[0]
    password = userinfo.partition(":")[2]
    if password:
        yield from (userinfo, unquote(password), *_runs(password))
    for name, value in parse_qsl(rest.rpartition("@")[2].partition("?")[2]):
        if any(word in name.lower() for word in SECRET_FIELDS):
            yield value


def _runs(password: str) -> Iterator[str]:
    """The password, and all that may be left of it where its delimiters are taken for the address's."""
    cuts = [0, *(found.end() for found in re.finditer(r"[/?#@:&=\[\]]", password)), len(password) + 1]
    for at, begin in enumerate(cuts):
        yield from (password[begin : end - 1] for end in cuts[at + 1 :])


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _values(content: Any, name: str = "") -> Iterator[str]:
    if isinstance(content, dict):
        for key, value in content.items():
            yield from _values(value, str(key))
    elif isinstance(content, str) and any(word in name.lower() for word in SECRET_FIELDS):
        yield content
        if content.startswith("{"):
            yield from _values(_json(content))


def _spellings(part: str) -> Iterator[str]:
    yield part
    yield unquote(part)
    yield quote(part, safe="")
    yield quote(part)
    yield quote_plus(part)
    yield quote(part, safe="").lower()
    yield json.dumps(part)[1:-1]
    yield repr(part)[1:-1]
    yield base64.b64encode(part.encode()).decode()
    yield base64.b64encode(f":{part}".encode()).decode()


def _said(error: Exception) -> str:
    """What an error says, in one line."""
    cause = getattr(error, "orig", None) or error  # SQLAlchemy's own text quotes statements and their values
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    return f"{type(cause).__name__}: {' '.join(lines)}" if lines else type(cause).__name__


def _decoded(text: str | None) -> str | None:
    return None if text is None else unquote(text)
