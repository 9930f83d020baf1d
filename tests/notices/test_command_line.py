"""`retention notify` and `retention notices` by the command line: what they print, and their exit codes."""

import io
import json
import sys
from typing import Any

import pytest
from tests.notices.conftest import Releases, alert
from tests.notices.receiver import Receiver

from retention import cli
from retention.errors import NotThereError, SendingError, SettingsError
from retention.notices import Ledger
from retention.notices.sending import Messenger


def test_who_stops_a_telling_is_told_what_is_unknown_now_and_what_to_do(
    published: Releases, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = published.home.path / "notices.yml"
    published.publish("2024-05-02", alert("C1", "2024-05-01"))
    file.write_text("age: 36500d\ndefault: {secret: {env: CHAT}}\n", encoding="utf-8")
    monkeypatch.setenv("CHAT", receiver.address("all"))

    def stop(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Messenger, "send", stop)
    arguments = ["notify", f"--notices={file}", f"--home={published.home.path}"]
    monkeypatch.setattr(sys, "argv", ["retention", *arguments])
    assert cli.app(standalone_mode=False) == 130
    [sending] = Ledger(published.home).read().sendings
    said = capsys.readouterr().err
    assert f"Stopped while sending {sending} to default: it may have come" in said
    assert f"retention notices again {sending}" in said


def test_the_command_line_tells_lists_and_ends_as_it_should(
    published: Releases, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = published.home.path / "notices.yml"
    published.publish("2024-05-02", alert("C1", "2024-05-01"))
    monkeypatch.chdir(published.home.path)

    def run(*arguments: str) -> tuple[int, str]:
        home = [] if "--help" in arguments else [f"--home={published.home.path}"]
        monkeypatch.setattr(sys, "argv", ["retention", *arguments, *home])
        try:
            cli.app(standalone_mode=False)
        except (SendingError, SettingsError, NotThereError) as error:
            return error.exit_code, str(error)
        return 0, capsys.readouterr().out

    monkeypatch.setenv("CHAT", receiver.address("all"))
    assert run("notify") == (0, f"{file} is not there: nothing is sent.\n")
    assert run("notices", "test")[0] == 8
    assert run("notify", "--as-of=2025-13-01")[0] == 2, "a wrong day is told whether the file is there or not"
    for command in (["notify"], ["notices", "test"], ["notices", "failure"]):
        code, said = run(*command, f"--notices={file}")
        assert code == 2
        assert f"{file} is not there" in said
        assert "notices.example.yml" in said
    file.write_text(
        "age: 36500d\nwait: 0s\ndefault: {secret: {env: CHAT}}\noperators: {secret: {env: CHAT}}\n", encoding="utf-8"
    )
    told = run("notify", f"--notices={file}", "--dry-run")[1]
    assert "To default: Alerts of 2024-05-02: 1 warning" in told
    assert "2024-05-02: 1 digest with 1 alert would be sent." in told
    assert receiver.messages == []
    assert run("notify", f"--notices={file}", "--as-of=2024-05-01")[0] == 2
    code, said = run("notify", f"--notices={file}", "--as-of=2024-05-01", "--only-forward")
    assert (code, said) == (0, "Nothing is sent. Readers see 2024-05-02, not 2024-05-01.\n")
    code, said = run("notify", f"--notices={file}", "--json")
    assert [one["status"] for one in json.loads(said)["sendings"]] == ["sent"]
    [row] = json.loads(run("notices", "list", "--json", "--days=3", "--recipient=default")[1])
    assert [one["alert_id"] for one in row["told"]] == ["C1@2024-05-01"]
    assert "Alerts of 2024-05-02" in run("notices", "show", row["sending"])[1]
    assert "default (json://127.0.0.1) by JSON: sent" in run("notices", "test", f"--notices={file}")[1]
    monkeypatch.setenv("CHAT", f"{receiver.address('all')} {receiver.address('SECRETKEY')}")
    receiver.answers["SECRETKEY"] = 503
    code, said = run("notices", "test", f"--notices={file}", "--recipient=default")
    assert code == 10
    assert said.startswith("No message came to default, address 2 of 2 (json://127.0.0.1).")
    assert "SECRETKEY" not in said
    receiver.answers.clear()
    monkeypatch.delenv("CHAT")
    assert run("notices", "test", f"--notices={file}")[0] == 10
    assert "default by nothing: failed: " in capsys.readouterr().out
    monkeypatch.setenv("CHAT", receiver.address("all"))
    assert run("notices", "show", "none")[0] == 8
    monkeypatch.setattr(sys, "stdin", io.StringIO("RUN FAILED dag=retention_daily task=land"))
    assert "operators (json://127.0.0.1) by JSON: sent" in run("notices", "failure", f"--notices={file}")[1]
    assert receiver.messages[-1][1]["type"] == "failure"
    assert "task=land" in receiver.messages[-1][1]["message"]


def test_operators_hear_of_no_alert(
    published: Releases, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    published.publish("2024-05-02", alert("C1", "2024-05-01"))
    file = published.home.path / "notices.yml"
    file.write_text("operators: {secret: {env: CHAT}}\n", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["retention", "notify", f"--notices={file}", f"--home={published.home.path}"])
    cli.app(standalone_mode=False)
    said = f"{file} names nobody who hears of alerts (default, owners): nothing is sent.\n"
    assert capsys.readouterr().out == said
    assert not (published.home.path / "notices").exists()
