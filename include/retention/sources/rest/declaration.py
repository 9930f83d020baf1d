"""What a source of kind `rest` declares: address, key, limits, and per entity the request, its paging, its columns.

sources:
  - name: shop
    kind: rest
    base_url: https://shop.example.com/api
    auth: bearer
    secret: {env: SHOP_KEY}
    entities:
      - entity: orders
        path: /orders
        params: {limit: 100}
        records: $.data
        pagination: {kind: cursor, path: $.paging.after, at: {param: after}}
        columns: {order_id: id, customer_id: buyer.id, ordered_at: created, amount: total.value}
        cursor: {column: updated, overlap: 15m}
        since: {param: updated_from}

A column is a name, names joined by dots, or a JSON path that begins with `$`. Lists are joined by `;`.
"""

from datetime import timedelta
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import Field, field_validator, model_validator

from retention.sources.declaration import (
    CursorDeclared,
    Declared,
    Duration,
    EntityDeclared,
    SourceDeclared,
    no_secret_in,
)
from retention.sources.rest.ready_made import expand

HERE = ("localhost", "127.0.0.1", "::1")
OTHERWISE = "*"
"""In `values`: what stands for every value that is not named."""


class Place(Declared):
    """Where in a request a value goes: a parameter of the address, or a place in the JSON body."""

    param: str | None = Field(None, description="Parameter of the address.")
    body: str | None = Field(None, description="Names joined by dots; a number is a place in a list.")
    value: Any = Field("{value}", description="What is put there; {value} in it stands for the value.")

    @model_validator(mode="after")
    def _one_place(self) -> "Place":
        if (self.param is None) == (self.body is None):
            raise ValueError("name either param or body")
        return self


class OnePage(Declared):
    """Everything comes with the first answer."""

    kind: Literal["none"] = "none"


class PageNumbers(Declared):
    """Pages 1, 2, 3. Rows slide between them when others are deleted, so every page is read twice."""

    kind: Literal["page"]
    at: Place = Place(param="page", body=None)
    first: int = Field(1, description="Number of the first page.")


class Offsets(Declared):
    """So many rows skipped. Each request reaches back into the rows of the one before, and has to find one of them."""

    kind: Literal["offset"]
    at: Place = Place(param="offset", body=None)
    overlap: int = Field(10, ge=1, description="Rows by which a request reaches back.")


class NextLink(Declared):
    """The answer names the address of the next one: in its body, or in the header `Link`."""

    kind: Literal["next_link"]
    path: str | None = Field(None, description="JSON path of the address in the answer; without it, the header Link.")


class NextCursor(Declared):
    """The answer names a token with which the next one is asked for."""

    kind: Literal["cursor"]
    path: str = Field(description="JSON path of the token in the answer.")
    at: Place


class Keyset(Declared):
    """The next request names the key of the last row; the source sorts by that key and gives what is behind it."""

    kind: Literal["keyset"]
    key: str = Field(description="Column or JSON path of the key in a record.")
    at: Place


Pagination = Annotated[
    OnePage | PageNumbers | Offsets | NextLink | NextCursor | Keyset,
    Field(discriminator="kind"),
]


class Request(Declared):
    """How rows are asked for."""

    method: Literal["GET", "POST"] = "GET"
    path: str = Field(description="Behind base_url.")
    params: dict[str, str | int | float | bool] = Field(default_factory=dict, description="Parameters of the address.")
    body: dict[str, Any] | None = Field(None, description="JSON body.")
    records: str = Field("$", description="JSON path of the list of records in the answer.")
    pagination: Pagination = OnePage()
    since: Place | None = Field(
        None, description="Where the cursor goes; the source gives rows from it, itself included."
    )

    @model_validator(mode="after")
    def _no_secret(self) -> "Request":
        no_secret_in(self.params, "params")
        no_secret_in(parse_qs(urlsplit(self.path).query, keep_blank_values=True), "path")
        return self


class RestCursor(CursorDeclared):
    """By which value new and changed rows are asked for, and how the source writes it."""

    format: Literal["iso", "datetime", "date", "epoch_ms", "epoch_s", "number", "text"] = Field(
        "iso",
        description="iso: 2026-01-31T10:00:00.000Z; datetime: 2026-01-31 10:00:00, as the source's clock has it; "
        "date; epoch_ms and epoch_s: since 1970; number: a whole number that grows; text: anything that sorts as text.",
    )


class RestEntity(EntityDeclared, Request):
    """One entity: its request, and the request for what changed where that is another one."""

    cursor: RestCursor | None = Field(None, description="Without one, all rows come every time.")
    incremental: Request | None = Field(None, description="Request once a cursor is stored; without it, the same one.")
    constants: dict[str, str] = Field(default_factory=dict, description="Contract column: value of every row.")
    values: dict[str, dict[str, str]] = Field(
        default_factory=dict,
        description="Contract column: value of the source: value of the contract; * for all others and none.",
    )

    @model_validator(mode="after")
    def _cursor_goes_somewhere(self) -> "RestEntity":
        placed = (self.incremental or self).since
        if self.cursor is not None and placed is None:
            raise ValueError("cursor: say with since where in the request it goes")
        if self.cursor is None and (placed is not None or self.incremental is not None):
            raise ValueError("since and incremental need a cursor")
        return self

    @property
    def requests(self) -> tuple[Request, ...]:
        """Every request that it makes."""
        return (self,) if self.incremental is None else (self, self.incremental)


class KeyHeader(Declared):
    """The key in a header of its own."""

    header: str = Field(description="Name of the header, such as X-Api-Key.")
    prefix: str = Field("", description="What stands before the key.")


class Busy(Declared):
    """How an answer says 'too fast' when its status does not: a code in its body."""

    path: str = Field(description="Name of the code in the body of an answer that failed.")
    codes: tuple[int | str, ...]


class RestSource(SourceDeclared):
    """A service that answers JSON over HTTP."""

    kind: Literal["rest"]
    base_url: str = Field(description="Address that all paths begin with.")
    auth: Literal["none", "bearer", "basic"] | KeyHeader = Field(
        "none", description="How the secret is shown: as a bearer, as user:password, or in a header."
    )
    headers: dict[str, str] = Field(default_factory=dict, description="Further headers; never a key.")
    requests_per_second: float = Field(5, gt=0, description="No more requests than this are made in a second.")
    timeout: Duration = Field(timedelta(seconds=30), description="How long an answer may take.")
    tries: int = Field(6, ge=1, description="How often a request is made before it is given up.")
    longest_wait: Duration = Field(
        timedelta(minutes=5), description="A source that asks for a longer pause is left for the next run."
    )
    busy: Busy | None = Field(None, description="Codes that mean: too fast, ask again.")
    plain_http: bool = Field(False, description="Allow the key to travel unencrypted, in a network of your own.")
    entities: tuple[RestEntity, ...] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _expand_preset(cls, declared: Any) -> Any:
        return expand(declared)

    @field_validator("base_url")
    @classmethod
    def _address(cls, address: str) -> str:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("begin it with https:// and a host")
        if parts.username or parts.password or parts.query:
            raise ValueError("leave user, password and parameters out; a key belongs in secret")
        return address.rstrip("/")

    @model_validator(mode="after")
    def _key_is_shown_safely(self) -> "RestSource":
        no_secret_in(self.headers, "headers")
        if (self.secret is None) != (self.auth == "none"):
            raise ValueError("name both secret and auth, or neither")
        parts = urlsplit(self.base_url)
        if self.secret and parts.scheme == "http" and parts.hostname not in HERE and not self.plain_http:
            raise ValueError("base_url: http would send the key unencrypted; use https, or set plain_http: true")
        return self

    @model_validator(mode="after")
    def _each_entity_once(self) -> "RestSource":
        names = [entity.entity for entity in self.entities]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"entities: {', '.join(twice)} stands there twice; declare a second source for it")
        return self
