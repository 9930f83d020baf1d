"""Sending by Apprise: one message to one address, tried again where it was refused and never where it may have come.

Apprise tells success from failure. Of failures its log tells whether the message was handed over before the answer
failed to come: such a one may have arrived, and another try could make two of it. So could one of a message that is
sent in parts, or to several people, of whom some had it.
"""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from retention.errors import NotThereError
from retention.notices.ledger import FAILED, SENT, UNKNOWN, Address
from retention.sources.credentials import Redactor

INSTALL = "Run: make setup, or: pip install 'retention-pipeline[notices]'."
LONGEST = 300  # characters of what a service said
LONGEST_WAIT = 60.0
LONG = 8  # parts of an address from this length on may be keys
# What requests and smtplib say when a message was handed over and no answer came. A connection that never came about
# says "connect timeout", "refused" or "resolve".
BROKEN = "Socket Exception"
MAY_HAVE_COME = re.compile(
    r"read timed out|read operation timed out|connection aborted|closed connection without response|"
    r"connection unexpectedly closed|connection reset|^timed out|: timed out",
    re.IGNORECASE,
)
NEVER_CAME = re.compile(r"connect(ion)? ?time(d )?out|connecttimeout|refused|resolve|newconnectionerror", re.IGNORECASE)


@dataclass(frozen=True)
class Messenger:
    """Sends by Apprise.

    Attributes:
        tries: how often one address is tried.
        wait: before the second try; it doubles.
        patience: how long a service may take to answer.
    """

    tries: int
    wait: timedelta
    patience: timedelta

    def send(self, address: str, title: str, body: str, *, is_failure: bool = False) -> Address:
        """Send to one address; it never raises for what the service does.

        Raises:
            NotThereError: Apprise is not installed.
        """
        plugin, notify = _opened(address, self.patience.total_seconds())
        if plugin is None:
            return Address(FAILED, None, 0, "the address is none that Apprise knows")
        redactor = Redactor(address, *(part for part in re.split(r"[/?&=@:#]", address) if len(part) >= LONG))
        ended = Address(FAILED, str(plugin.service_name), 0, None)

        def once() -> Address:
            nonlocal ended
            status, said = notify(title, body, is_failure)
            ended = Address(status, ended.service, ended.tries + 1, said and redactor.clean(said)[:LONGEST])
            return ended

        from tenacity import Retrying, retry_if_result, stop_after_attempt, wait_exponential_jitter  # noqa: PLC0415  # costs the other commands

        seconds = self.wait.total_seconds()
        again = Retrying(
            retry=retry_if_result(lambda one: one.status == FAILED),
            stop=stop_after_attempt(self.tries),
            wait=wait_exponential_jitter(multiplier=seconds, max=LONGEST_WAIT, jitter=seconds),
            retry_error_callback=lambda _: ended,
        )
        again(once)
        return ended


def _opened(address: str, patience: float) -> tuple[Any, Callable[[str, str, bool], tuple[str, str | None]]]:
    """An address as Apprise opens it, None where it does not know it, and what sends to it once."""
    try:
        import apprise  # noqa: PLC0415  # an extra, and half a second
    except ModuleNotFoundError:
        raise NotThereError("Notices need the package apprise.", INSTALL) from None
    log = logging.getLogger("apprise")
    log.addHandler(logging.NullHandler())
    log.propagate = False  # its lines go into the result, those of debugging too: they tell how far a message came
    log.setLevel(logging.DEBUG)
    asset = apprise.AppriseAsset(
        app_id="retention", app_desc="Retention alerts", storage_mode=apprise.PersistentStoreMode.MEMORY
    )
    plugin = apprise.Apprise.instantiate(address, asset=asset, suppress_exceptions=True)
    if plugin is None:
        return None, lambda *_: (FAILED, None)
    if plugin.socket_read_timeout == apprise.plugins.NotifyBase.socket_read_timeout:
        plugin.socket_read_timeout = patience
    if plugin.overflow_mode == apprise.OverflowMode.UPSTREAM:
        plugin.overflow_mode = apprise.OverflowMode.SPLIT
    service = apprise.Apprise(asset=asset)
    service.add(plugin)
    accepted: list[object] = []
    mark = plugin.mark_delivered

    def count(key: object, per_message: bool = False) -> None:
        accepted.append(key)
        mark(key, per_message)

    plugin.mark_delivered = count  # Apprise calls it for each part, and each of several people, that was taken

    def notify(title: str, body: str, is_failure: bool) -> tuple[str, str | None]:
        kind = apprise.NotifyType.FAILURE if is_failure else apprise.NotifyType.INFO
        accepted.clear()
        result = service.notify(
            body, title, notify_type=kind, body_format=apprise.NotifyFormat.MARKDOWN, log_level=logging.DEBUG
        )
        if result:
            return SENT, None
        lines = [(entry.level, " ".join(str(entry.message).split())) for entry in result.logs()]
        # Of lines of debugging that of the connection alone: others quote the message.
        broken = " ".join(text for _, text in lines if text.startswith(BROKEN))
        came = MAY_HAVE_COME.search(broken) and not NEVER_CAME.search(broken)
        warned = [text for level, text in lines if level in ("WARNING", "ERROR", "CRITICAL")]
        why = warned[-1] if warned else "no reason given"
        if accepted:
            return UNKNOWN, f"a part of it was taken, another refused: {why}"
        return UNKNOWN if came else FAILED, why

    return plugin, notify
