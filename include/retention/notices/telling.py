"""Telling: one digest per recipient, written down before it is sent and after it.

A message whose fate nobody knows (the process was cut off, the service took it and did not answer) counts as sent: of
two errors, telling twice and telling nobody, notices make the second one, say so, and leave it to a person to send
again (decision 75). One that a service refused is tried again, by this command and by the next.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import duckdb

from retention.errors import NotThereError, RetentionError, SendingError, SettingsError
from retention.notices.alerts import read_alerts
from retention.notices.archive import archive
from retention.notices.declaration import OPERATORS, Notices, addresses, shown
from retention.notices.digest import Digest, compose, without
from retention.notices.ledger import (
    FAILED,
    LAPSED,
    SENT,
    UNKNOWN,
    WAITING,
    Address,
    History,
    Ledger,
    Sending,
    Told,
)
from retention.notices.news import News, Since, find_news
from retention.notices.places import share
from retention.notices.sending import Messenger
from retention.publication.chosen_release import Release, find_release
from retention.runs import Home
from retention.warehouse.candidate import WAREHOUSE_FILE

CLOSED_DAYS, OWNER_CAP = 30, 20
"""How long a release keeps closed alerts, and how many of an owner stand by themselves, where it does not say so."""

Say = Callable[[str], None]
T = TypeVar("T")


@dataclass(frozen=True)
class Done:
    """What telling came to.

    Attributes:
        digests: what was composed, in a dry run as well.
        sendings: what was sent, or was tried.
        without_recipient: alerts to be told whose owner has no address.
        lapsed: alerts that have ended without a word.
        refused: why nothing may be sent from this release; None where it may.
    """

    release: Release
    digests: tuple[Digest, ...] = ()
    sendings: tuple[Sending, ...] = ()
    without_recipient: int = 0
    lapsed: tuple[Told, ...] = ()
    refused: str | None = None


@dataclass(frozen=True)
class _Teller:
    """One telling under way.

    Attributes:
        file: the declaration, for messages.
    """

    ledger: Ledger
    notices: Notices
    file: Path
    say: Say

    @property
    def messenger(self) -> Messenger:
        return Messenger(self.notices.tries, self.notices.wait, self.notices.patience)

    def addresses(self, recipient: str) -> list[str]:
        """The addresses of a recipient.

        Raises:
            SettingsError: there is none.
        """
        declared = self.notices.recipients().get(recipient)
        if declared is None:
            raise SettingsError(f"{self.file} names no recipient '{recipient}' any more.", "Declare it again.")
        return addresses(declared, f"{self.file}: {recipient}")

    def send(self, sending: Sending, states: Sequence[str]) -> Sending:
        """Try the addresses of a sending that are in one of these states."""
        found = self.addresses(sending.recipient)
        if len(found) != len(sending.addresses):
            raise SettingsError(
                f"{self.file}: {sending.recipient} has {len(found)} addresses; sending {sending.sending} had "
                f"{len(sending.addresses)}.",
                "It is not sent again: nobody knows which of them had it.",
            )
        for place, address in enumerate(found):
            if sending.addresses[place].status in states:
                self.ledger.write_try(sending.sending, place)
                ended = self.messenger.send(address, sending.title, sending.body)
                self.ledger.write_end(sending.sending, place, ended)
                others = sending.addresses
                sending = replace(sending, addresses=(*others[:place], ended, *others[place + 1 :]))
                self.say(told_line(sending, place))
        return sending


def told_line(sending: Sending, place: int) -> str:
    """How one address of a sending stands, in one line."""
    one = sending.addresses[place]
    why = f": {one.said}" if one.said else ""
    tried = f" in {one.tries} tries" if one.tries > 1 else ""
    return f"{sending.recipient} by {one.service or 'nothing'}: {one.status}{tried}{why} · {sending.title}"


def notify(
    home: Home,
    notices: Notices,
    file: Path,
    *,
    today: date,
    as_of: date | None = None,
    is_dry: bool = False,
    say: Say = lambda _: None,
) -> Done:
    """Tell what is new among the alerts of the published release.

    Args:
        file: where `notices` was read, for messages.
        today: the present day where the business is.
        as_of: the day that is meant; where readers see another, nothing is sent.
        is_dry: compose and send nothing; of another day, from its release on disk.

    Raises:
        NotThereError: nothing is published, or the release has no alerts.
        LockBusyError: another process is telling.
        SendingError: a digest did not reach its recipient, or may not have.
    """
    ledger = Ledger(home)
    release = find_release(home, as_of if is_dry else None)
    if is_dry:
        return _composed(release, notices, ledger.read())
    with ledger.held():
        history = ledger.read()
        refused = why_not(release, as_of, history.last_day, today - notices.age)
        if refused is not None:
            return Done(release, refused=refused)
        composed = _composed(release, notices, history)
        ledger.write_lapsed(composed.lapsed)
        teller = _Teller(ledger, notices, file, say)
        problems: list[RetentionError] = []
        sendings = [
            *_each(_unfinished(history, release), lambda one: teller.send(one, (FAILED, WAITING)), problems),
            *_each(composed.digests, lambda one: _send(teller, one, release), problems),
        ]
        ledger.write_run(release.release_id, release.as_of)
        archive(ledger, today - notices.keep, release)
    # A message of unknown fate is told of until a person has sent it again or the day is over: where a run that failed
    # is repeated by itself, the second one would else look as if all had come.
    _stop_on_problems([*_doubtful(history, release, sendings), *sendings], problems)
    return replace(composed, sendings=tuple(sendings))


def why_not(release: Release, as_of: date | None, last_day: date | None, oldest: date) -> str | None:
    """Why nothing may be sent from a release; None where it may."""
    if as_of is not None and as_of != release.as_of:
        return f"Readers see {release.as_of}, not {as_of}."
    if release.known_by is not None:
        return f"The release shows what was known by {release.known_by}."
    if last_day is not None and release.as_of < last_day:
        return f"Readers see {release.as_of}; alerts have been told up to {last_day}."
    if release.as_of < oldest:
        return f"Readers see {release.as_of}; of days before {oldest} nothing is told (key age of the file)."
    return None


def _composed(release: Release, notices: Notices, history: History) -> Done:
    """The digests of a release."""
    alerts, names = read_alerts(release)
    closed_days, cap = _limits(release)
    since = Since(history.last_day, release.as_of, closed_days, cap)
    found, had_one = find_news(alerts, history.told, since), history.told_on(release.as_of)
    by_recipient: dict[str, list[News]] = {}
    without = 0
    for one in found:
        recipient = notices.recipient_of(one.owner)
        if one.kind == LAPSED:
            continue
        if recipient is None:
            without += one.told is None
        elif not (one.was_counted and recipient in had_one):  # one a day: what waits is for the next day
            by_recipient.setdefault(recipient, []).append(one)
    digests = []
    for recipient, news in sorted(by_recipient.items()):
        language = notices.recipients()[recipient].language or notices.language
        digests.append(compose(recipient, language, share(news, notices.lines, since), release, names))
    lapsed = tuple(one.as_told(release.as_of) for one in found if one.kind == LAPSED)
    return Done(release, tuple(digests), without_recipient=without, lapsed=lapsed)


def _limits(release: Release) -> tuple[int, int]:
    """Parameters of the release's profile: alert_closed_days and alert_owner_cap."""
    query = "select alert_closed_days, alert_owner_cap from intermediate.int_profile"
    try:
        with duckdb.connect(str(release.file.with_name(WAREHOUSE_FILE)), read_only=True) as connection:
            [(days, cap)] = connection.execute(query).fetchall()
    except duckdb.Error:
        return CLOSED_DAYS, OWNER_CAP
    return int(days), int(cap)


def _unfinished(history: History, release: Release) -> Iterator[Sending]:
    """Digests of this day that reached some of a recipient's addresses and not all."""
    for one in history.sendings.values():
        states = {address.status for address in one.addresses}
        if one.as_of == release.as_of and one.has_told and states & {FAILED, WAITING}:
            yield one


def _doubtful(history: History, release: Release, sendings: Sequence[Sending]) -> Iterator[Sending]:
    """Earlier digests of this day that may not have come, those just tried again apart."""
    tried = {one.sending for one in sendings}
    for one in history.sendings.values():
        is_unknown = any(address.status == UNKNOWN for address in one.addresses)
        if one.as_of == release.as_of and is_unknown and one.sending not in tried:
            yield one


def _send(teller: _Teller, digest: Digest, release: Release) -> Sending:
    """Send a digest for the first time."""
    found = teller.addresses(digest.recipient)
    now = datetime.now(UTC)
    sending = Sending(
        sending=f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}",
        at=now,
        recipient=digest.recipient,
        language=digest.language,
        release=release.release_id,
        as_of=release.as_of,
        title=digest.title,
        body=digest.body,
        alerts=tuple(one.as_told(release.as_of, line) for one, line in zip(digest.news, digest.lines, strict=True)),
        addresses=(Address(),) * len(found),
    )
    teller.ledger.write_digest(sending)
    return teller.send(sending, (WAITING,))


def _each(items: Iterable[T], do: Callable[[T], Sending], problems: list[RetentionError]) -> Iterator[Sending]:
    """One after the other; one that fails does not keep the next from its turn."""
    for one in items:
        try:
            yield do(one)
        except SettingsError as error:
            problems.append(error)


def _stop_on_problems(sendings: Sequence[Sending], problems: Sequence[RetentionError]) -> None:
    """Tell what did not come, or may not have.

    Raises:
        SendingError: there is something to tell.
    """
    said = [str(problem) for problem in problems]
    for one in sendings:
        said += [told_line(one, at) for at, address in enumerate(one.addresses) if address.status != SENT]
    if said:
        unknown = any(address.status == UNKNOWN for one in sendings for address in one.addresses)
        remedy = "What was refused is sent by the next retention notify, and by it alone."
        if unknown:
            remedy += " What may have come is not: ask, then retention notices again SENDING."
        raise SendingError(f"{len(said)} not told: {'; '.join(said)}.", remedy)


def send_again(home: Home, notices: Notices, file: Path, name: str, say: Say = lambda _: None) -> Sending:
    """Send a digest again to the addresses that have not had it for certain; a person asked for it.

    Alerts of it that a later digest told, the same or how they went on, are left out.

    Raises:
        NotThereError: there is no such sending.
        SettingsError: all of it has been told since.
        SendingError: it did not come.
    """
    ledger = Ledger(home)
    with ledger.held():
        history = ledger.read()
        sending = history.sendings.get(name)
        if sending is None:
            raise NotThereError(f"There is no sending '{name}'.", "List them: retention notices list.")
        since = history.told_after(name)
        kept = tuple(one for one in sending.alerts if one.key not in since)
        if sending.alerts and not kept:
            raise SettingsError(
                f"All that sending {name} told has been told since.", "Nothing is sent. Look: retention notices list."
            )
        if len(kept) < len(sending.alerts):
            body = without(sending.body, sending.language, [one for one in sending.alerts if one.key in since])
            say(f"{len(sending.alerts) - len(kept)} of it told since: left out.")
            sending = replace(sending, body=body)
        sent = _Teller(ledger, notices, file, say).send(sending, (UNKNOWN, FAILED, WAITING))
    _stop_on_problems([sent], [])
    return sent


def send_to_all(
    notices: Notices, file: Path, title: str, body: str, only: str | None = None, *, is_failure: bool = False
) -> list[tuple[str, Address]]:
    """Send a message to every recipient, or one, outside the ledger.

    Returns:
        Of each address which one it is, and how it stands.

    Args:
        only: name of a recipient, or of an owner.

    Raises:
        NotThereError: there is no such recipient.
    """
    names = [name for name in notices.recipients() if only in (None, name, name.removeprefix("owner "))]
    if not names:
        raise NotThereError(f"{file} names no recipient '{only}'.", f"It has: {', '.join(notices.recipients())}.")
    messenger = Messenger(notices.tries, notices.wait, min(notices.patience, timedelta(seconds=20)))
    found: list[tuple[str, Address]] = []
    for name in names:
        try:
            listed = addresses(notices.recipients()[name], f"{file}: {name}")
        except SettingsError as error:
            found.append((name, Address(FAILED, said=str(error))))
            continue
        for place, one in enumerate(listed, start=1):
            whose = name if len(listed) == 1 else f"{name}, address {place} of {len(listed)}"
            found.append((f"{whose} ({shown(one)})", messenger.send(one, title, body, is_failure=is_failure)))
    return found


def tell_operators(notices: Notices, file: Path, title: str, text: str) -> list[tuple[str, Address]]:
    """Tell those who run the pipeline; to nobody where none are declared."""
    if notices.operators is None:
        return []
    return send_to_all(notices, file, title, text, OPERATORS, is_failure=True)
