"""The commands `retention notify` and `retention notices`: alerts told to their owners, once."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from retention.console import out, print_json, print_rows
from retention.errors import NotThereError, SendingError, SettingsError
from retention.notices import Ledger, Notices, Sending, notify, read_notices, send_again, send_to_all, tell_operators
from retention.notices.ledger import SENT, UNKNOWN, Address
from retention.notices.telling import Done, told_line
from retention.options import HomeOption, JsonOption, day_of, settings_with
from retention.settings import Settings

TEST = {
    "title": "Retention: a test of notices",
    "body": "This address receives alerts of the retention pipeline. 留存预警将发送到此地址。",
}
err = Console(stderr=True, highlight=False, soft_wrap=True)
FAILURE_TITLE = "A run of the retention pipeline failed"
app = typer.Typer(
    no_args_is_help=True,
    help="Notices: what was told of alerts, to whom, and whether the addresses of notices.yml work.",
)

NoticesOption = Annotated[
    Path | None,
    typer.Option("--notices", help="Declaration of the recipients. Default: notices.yml, where it is there."),
]


def register(root: typer.Typer) -> None:
    """Add the commands."""
    root.add_typer(app, name="notices")

    @root.command(name="notify", epilog="Examples: retention notify --dry-run · retention notify --as-of 2024-05-01")
    def notify_all(
        home: HomeOption = None,
        notices: NoticesOption = None,
        as_of: Annotated[
            str | None,
            typer.Option(
                "--as-of",
                metavar="YYYY-MM-DD",
                help="Only where readers see this day; with --dry-run, of that day's release.",
            ),
        ] = None,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the digests; send and record nothing.")] = False,
        only_forward: Annotated[
            bool,
            typer.Option("--only-forward", help="Where nothing may be sent of this day, say so and end well."),
        ] = False,
        as_json: JsonOption = False,
    ) -> None:
        """Send what is new among the alerts of the published release: a digest per owner, each opening once.

        New are alerts that opened, and those told before that have closed. Run again, it sends what has not been sent;
        of an older day than was told of, nothing. notices.yml says who hears of what (docs/guides/notices.md).
        """
        settings = settings_with(home=home, notices=notices)
        day = day_of(as_of, "--as-of") if as_of else None
        declared = _read(settings)
        if declared is None:
            out.print(f"{settings.notices_file} is not there: nothing is sent.", markup=False)
            return
        if not declared.tells_alerts:
            out.print(
                f"{settings.notices_file} names nobody who hears of alerts (default, owners): nothing is sent.",
                markup=False,
            )
            return
        with _telling_what_a_stop_leaves(settings):
            done = notify(
                settings.home_path,
                declared,
                settings.notices_file,
                today=datetime.now(settings.zone).date(),
                as_of=day,
                is_dry=dry_run,
                say=lambda line: None if as_json else out.print(line, markup=False),
            )
        if done.refused is not None and not only_forward:
            raise SettingsError(f"Nothing is sent. {done.refused}", "Look with --dry-run; alerts of the past are over.")
        _tell(done, dry_run, as_json)


@app.command(name="list", epilog="Example: retention notices list --days 7 --recipient 'East team'")
def list_sendings(
    home: HomeOption = None,
    recipient: Annotated[
        str | None, typer.Option("--recipient", help="An owner's name, default or operators. Default: all.")
    ] = None,
    days: Annotated[int | None, typer.Option("--days", min=1, help="Of the last days told of. Default: all.")] = None,
    status: Annotated[
        str | None, typer.Option("--status", help="sent, partly, failed, unknown or waiting. Default: all.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List what was sent, the newest first: when, of which day, to whom, how many alerts, and whether it came.

    unknown: it may have come, and is not sent again by itself; ask, then: retention notices again SENDING.
    """
    history = Ledger(settings_with(home=home).home_path).read()
    since = history.last_day - timedelta(days=days - 1) if days and history.last_day else date.min
    found = [
        one
        for one in reversed(history.sendings.values())
        if one.as_of >= since
        and recipient in (None, one.recipient, one.recipient.removeprefix("owner "))
        and status in (None, one.status)
    ]
    if as_json:
        print_json([_whole(one) for one in found])
    else:
        print_rows(out, "sendings", [_row(one) for one in found])


@app.command(epilog="Example: retention notices show 20240502T010203-1a2b3c")
def show(
    sending: Annotated[str, typer.Argument(help="As retention notices list shows it.")], home: HomeOption = None
) -> None:
    """Show a digest as it was sent, and how each address of the recipient stands."""
    one = Ledger(settings_with(home=home).home_path).read().sendings.get(sending)
    if one is None:
        raise NotThereError(f"There is no sending '{sending}'.", "List them: retention notices list.")
    out.print(f"{one.title}\n\n{one.body}\n", markup=False)
    for place in range(len(one.addresses)):
        out.print(told_line(one, place), markup=False)


@app.command(epilog="Example: retention notices again 20240502T010203-1a2b3c")
def again(
    sending: Annotated[str, typer.Argument(help="As retention notices list shows it.")],
    home: HomeOption = None,
    notices: NoticesOption = None,
) -> None:
    """Send a digest again, as it was, to those addresses of its recipient that it may not have reached."""
    settings, declared = _declared(home, notices)
    with _telling_what_a_stop_leaves(settings):
        send_again(
            settings.home_path, declared, settings.notices_file, sending, lambda line: out.print(line, markup=False)
        )


@app.command(name="test", epilog="Example: retention notices test --recipient 'East team'")
def send_test(
    home: HomeOption = None,
    notices: NoticesOption = None,
    recipient: Annotated[
        str | None, typer.Option("--recipient", help="An owner's name, default or operators. Default: all.")
    ] = None,
) -> None:
    """Send a test message to every recipient of notices.yml. Look whether it came: some services refuse in silence."""
    settings, declared = _declared(home, notices)
    _tell_addresses(send_to_all(declared, settings.notices_file, TEST["title"], TEST["body"], recipient))


@app.command(epilog="Example: echo 'RUN FAILED dag=retention_daily …' | retention notices failure")
def failure(home: HomeOption = None, notices: NoticesOption = None) -> None:
    """Tell the operators what stands on standard input; this is what a failed task does."""
    settings = settings_with(home=home, notices=notices)
    declared = _read(settings)
    if declared is not None:
        _tell_addresses(tell_operators(declared, settings.notices_file, FAILURE_TITLE, sys.stdin.read()))


def _read(settings: Settings) -> Notices | None:
    return read_notices(settings.notices_file, is_named=settings.is_notices_named)


@contextmanager
def _telling_what_a_stop_leaves(settings: Settings) -> Iterator[None]:
    """Where a signal stops the block, say which sending nobody knows the fate of now."""
    ledger = Ledger(settings.home_path)
    before = {name for name, one in ledger.read().sendings.items() if one.status == UNKNOWN}
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        for name, one in ledger.read().sendings.items():
            if one.status == UNKNOWN and name not in before:
                err.print(
                    f"Stopped while sending {name} to {one.recipient}: it may have come, and is not sent again by "
                    f"itself. Ask; if it did not come: retention notices again {name}",
                    markup=False,
                )
        err.print("Stopped. What was not begun is sent by the next retention notify.", markup=False)
        raise


def _declared(home: Path | None, notices: Path | None) -> tuple[Settings, Notices]:
    settings = settings_with(home=home, notices=notices)
    declared = _read(settings)
    if declared is None:
        raise NotThereError(f"{settings.notices_file} is not there.", "Write it: notices.example.yml shows how.")
    return settings, declared


def _tell(done: Done, is_dry: bool, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "release": done.release.release_id,
                "as_of": done.release.as_of,
                "refused": done.refused,
                "without_recipient": done.without_recipient,
                "digests": [
                    {"recipient": one.recipient, "language": one.language, "title": one.title, "body": one.body}
                    for one in done.digests
                ],
                "sendings": [_whole(one) for one in done.sendings],
            }
        )
        return
    if done.refused is not None:
        out.print(f"Nothing is sent. {done.refused}", markup=False)
        return
    if is_dry:
        for one in done.digests:
            out.print(f"To {one.recipient}: {one.title}\n\n{one.body}\n", markup=False)
    told = sum(bool(line) for one in done.digests for line in one.lines)
    verb = "would be sent" if is_dry else "sent"
    without = f"; {_count(done.without_recipient, 'alert')} of owners without an address"
    out.print(
        f"{done.release.as_of}: {_count(len(done.digests), 'digest')} with {_count(told, 'alert')} {verb}"
        f"{without if done.without_recipient else ''}.",
        markup=False,
    )


def _count(number: int, name: str) -> str:
    return f"{number:,} {name}{'' if number == 1 else 's'}"


def _tell_addresses(found: Sequence[tuple[str, Address]]) -> None:
    """Say how each address stands.

    Raises:
        SendingError: one did not take the message.
    """
    for name, one in found:
        why = f": {one.said}" if one.said else ""
        out.print(f"{name} by {one.service or 'nothing'}: {one.status}{why}", markup=False)
    wrong = [name for name, one in found if one.status != SENT]
    if wrong:
        raise SendingError(f"No message came to {', '.join(wrong)}.", "Mend the address that the secret refers to.")


def _row(one: Sending) -> dict[str, Any]:
    return {
        "sending": one.sending,
        "as of": one.as_of,
        "recipient": one.recipient,
        "language": one.language,
        "alerts": one.listed,
        "status": one.status,
        "by": ", ".join(address.service or "-" for address in one.addresses),
        "title": one.title,
    }


def _whole(one: Sending) -> dict[str, Any]:
    return {
        **_row(one),
        "as_of": one.as_of,
        "at": one.at,
        "release": one.release,
        "told": [
            {"kind": told.kind, "alert_id": told.alert_id, "rule_id": told.rule_id, "subject_id": told.subject_id,
             "opened_on": told.opened_on, "owner": told.owner}
            for told in one.alerts
        ],
        "addresses": [vars(address) for address in one.addresses],
    }  # fmt: skip
