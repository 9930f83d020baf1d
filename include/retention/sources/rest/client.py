"""One service over HTTP: the key, the pace, the tries. What it raises never shows the key."""

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

import requests
import tenacity
from requests.structures import CaseInsensitiveDict

from retention.sources.extractor import SourceError
from retention.sources.rest.declaration import KeyHeader, RestSource

BUSY_STATUS = {408, 425, 429, 500, 502, 503, 504}
"""What a source answers for the moment: it is asked again."""

REFUSED_STATUS = {401, 403}
CHUNK = 1 << 16
LARGEST_ANSWER = 256 << 20
"""Bytes. A page above it is a declaration without a limit, not a page."""

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
"""Seconds between two tries: 1, 2, 4, ... up to this, each lengthened at random by up to one second."""

SHOWN = 200
SHORTEST_HIDDEN = 3
HIDDEN = "***"


@dataclass(frozen=True)
class Call:
    """One request, ready to be made.

    Attributes:
        url: whole address without parameters, or with those of a link that the source gave.
    """

    method: str
    url: str
    params: Mapping[str, Any]
    body: Mapping[str, Any] | None


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        text: JSON.
        link: address of the next page in the header `Link`, if one is there.
    """

    text: str
    link: str | None


class GivenUpError(SourceError):
    """The source refuses this very request; `status` tells how."""

    def __init__(self, problem: str, remedy: str, status: int = 0) -> None:
        super().__init__(problem, remedy)
        self.status = status


class _PassingError(Exception):
    """It may work in a moment.

    Args:
        pause: seconds that the source asks for.
    """

    def __init__(self, problem: str, pause: float | None = None) -> None:
        super().__init__(problem)
        self.pause = pause


class _ShowKey(requests.auth.AuthBase):
    """Puts the key into a request. Being there, it also keeps `requests` from looking into ~/.netrc."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self.headers = headers

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers.update(self.headers)
        return request


class RestClient:
    """Makes requests of one source, one after the other."""

    def __init__(self, declared: RestSource, secret: str | None, sleep: Callable[[float], None] = time.sleep) -> None:
        self._declared = declared
        self._hidden = _forms(secret)
        self._sleep = sleep
        self._next_slot = 0.0
        self._session = requests.Session()
        self._session.headers.update({"Accept": "application/json", "User-Agent": "retention-pipeline"})
        self._session.headers.update(declared.headers)
        self._session.auth = _ShowKey(_key_headers(declared, secret))

    def call(self, call: Call) -> Answer:
        """Make a request until it is answered, as often as the declaration says.

        Raises:
            GivenUpError: the source refuses it.
            SourceError: it was tried as often as it may be, or needs a longer pause than we wait.
        """
        tries = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_PassingError),
            stop=tenacity.stop_after_attempt(self._declared.tries),
            wait=self._pause,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return tries(self._try, call)
        except _PassingError as error:
            raise SourceError(
                self.hide(f"{self._name(call)}: {error}, after {self._declared.tries} tries."),
                "Run it again later; the pages that were read are kept.",
            ) from None

    def hide(self, text: str) -> str:
        """Take every form of the key out of a text."""
        for form in self._hidden:
            text = text.replace(form, HIDDEN)
        return text

    def same_service(self, url: str) -> bool:
        """Whether an address may be shown the key."""
        return _origin(url) == _origin(self._declared.base_url)

    def _name(self, call: Call) -> str:
        return f"{self._declared.name}: {call.method} {call.url.split('?')[0]}"

    def _pause(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = getattr(error, "pause", None)
        if asked is not None:
            return float(asked)
        return tenacity.wait_exponential_jitter(initial=FIRST_PAUSE, max=LONGEST_PAUSE)(state)

    def _try(self, call: Call) -> Answer:
        self._keep_pace()
        status, headers, content = self._exchange(call)
        if status in BUSY_STATUS or self._says_busy(status, content):
            raise _PassingError(f"answered {status}", self._asked_pause(headers, call))
        if status in REFUSED_STATUS:
            raise GivenUpError(
                self.hide(f"{self._name(call)}: the key is refused ({status}): {_short(content)}"),
                "Check the secret that the source names, and what its key may read.",
                status,
            )
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise self._refusal(call, status, headers, content)
        return Answer(_read_json(content, headers), _next_link(headers))

    def _exchange(self, call: Call) -> tuple[int, CaseInsensitiveDict[str], bytes]:
        """Send a request and read its answer within the time-out, all of it."""
        seconds = self._declared.timeout.total_seconds()
        deadline = time.monotonic() + seconds
        try:
            with self._session.request(
                call.method, call.url, params=call.params, json=call.body,
                timeout=seconds, allow_redirects=False, stream=True,
            ) as response:  # fmt: skip
                content = bytearray()
                for chunk in response.iter_content(CHUNK):
                    content += chunk
                    if time.monotonic() > deadline:
                        raise requests.Timeout
                    if len(content) > LARGEST_ANSWER:
                        raise SourceError(
                            f"{self._name(call)}: an answer of more than {LARGEST_ANSWER >> 20} MB.",
                            "Ask for fewer rows a page, with the source's own limit.",
                        )
                return response.status_code, response.headers, bytes(content)
        except requests.Timeout:
            raise _PassingError(f"no answer within {seconds:g} s") from None
        except requests.exceptions.SSLError as error:
            raise SourceError(
                self.hide(f"{self._name(call)}: its certificate is not accepted: {error}"),
                "Correct base_url, or name your authority's certificate in REQUESTS_CA_BUNDLE.",
            ) from None
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
            raise _PassingError(f"no connection ({_root(error)})") from None
        except requests.RequestException as error:
            raise SourceError(
                self.hide(f"{self._name(call)}: cannot be asked: {error}"), "Correct base_url, path or headers."
            ) from None

    def _keep_pace(self) -> None:
        now = time.monotonic()
        if now < self._next_slot:
            self._sleep(self._next_slot - now)
        self._next_slot = max(now, self._next_slot) + 1 / self._declared.requests_per_second

    def _says_busy(self, status: int, content: bytes) -> bool:
        busy = self._declared.busy
        if busy is None or status < HTTPStatus.BAD_REQUEST:
            return False
        try:
            return json.loads(content).get(busy.path) in busy.codes
        except (ValueError, AttributeError):
            return False

    def _asked_pause(self, headers: Mapping[str, str], call: Call) -> float | None:
        """Seconds that the header Retry-After asks for."""
        asked = headers.get("Retry-After")
        seconds = None if asked is None else _seconds(asked)
        if seconds is not None and seconds > self._declared.longest_wait.total_seconds():
            raise SourceError(
                f"{self._name(call)}: asks for a pause of {seconds:,.0f} s.",
                "Run it again after that; the pages that were read are kept. longest_wait allows a longer pause.",
            )
        return seconds

    def _refusal(self, call: Call, status: int, headers: Mapping[str, str], content: bytes) -> GivenUpError:
        if status < HTTPStatus.BAD_REQUEST:
            problem = f"answers {status}, go to {headers.get('Location', 'nowhere')}"
            remedy = "Write that address as base_url and path; a key is not taken along."
        else:
            problem = f"answers {status}: {_short(content)}"
            remedy = "Correct path, params or body of the entity."
        return GivenUpError(self.hide(f"{self._name(call)}: {problem}"), remedy, status)


def _key_headers(declared: RestSource, secret: str | None) -> dict[str, str]:
    if secret is None:
        return {}
    if isinstance(declared.auth, KeyHeader):
        return {declared.auth.header: declared.auth.prefix + secret}
    if declared.auth == "basic":
        return {"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}
    return {"Authorization": f"Bearer {secret}"}


def _forms(secret: str | None) -> list[str]:
    """Every way in which a key may stand in a text, the longest first."""
    if not secret:
        return []
    _, _, password = secret.partition(":")
    plain = {secret, password, base64.b64encode(secret.encode()).decode()}
    forms = {form for text in plain for form in (text, quote(text, safe=""), quote_plus(text), json.dumps(text)[1:-1])}
    return sorted((form for form in forms if len(form) >= SHORTEST_HIDDEN), key=len, reverse=True)


def _read_json(content: bytes, headers: CaseInsensitiveDict[str]) -> str:
    """Decode an answer and check that it is JSON: a torn one is asked for again."""
    charset = (
        requests.utils.get_encoding_from_headers(headers) if "charset" in headers.get("Content-Type", "") else None
    )
    try:
        text = content.decode(charset or "utf-8-sig")
        json.loads(text)
    except (ValueError, LookupError, RecursionError):
        raise _PassingError("the answer is not JSON") from None
    return text


def _next_link(headers: Mapping[str, str]) -> str | None:
    links = requests.utils.parse_header_links(headers.get("Link", ""))
    return next((link["url"] for link in links if link.get("rel") == "next"), None)


def _seconds(asked: str) -> float | None:
    """Read Retry-After: seconds, or an instant."""
    if asked.strip().isdigit():
        return float(asked)
    try:
        instant = parsedate_to_datetime(asked)
    except ValueError:
        return None
    return max(0.0, (instant - datetime.now(UTC)).total_seconds())


def _short(content: bytes) -> str:
    text = " ".join(content.decode("utf-8", errors="replace").split())
    return text[:SHOWN] + ("…" if len(text) > SHOWN else "")


def _root(error: BaseException) -> str:
    """What lies under an error of `requests`, without addresses and objects."""
    while isinstance(inner := error.__cause__ or error.__context__, BaseException):
        error = inner
    return str(getattr(error, "strerror", None) or type(error).__name__)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
