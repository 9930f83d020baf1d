"""Java is looked for where Spark looks, and a missing or old one is one clear line."""

from pathlib import Path

import pytest

from retention.errors import SettingsError
from retention.warehouse.java import find_java, java_version


def put_java(home: Path, version: str) -> Path:
    """A program that says that it is this Java."""
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-04-15' >&2\n", encoding="utf-8")
    program.chmod(0o755)
    return program


@pytest.fixture
def no_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A machine without Java."""
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    return monkeypatch


@pytest.mark.parametrize(("said", "version"), [("17.0.15", 17), ("21", 21), ("25.0.2", 25), ("1.8.0_402", 8)])
def test_the_main_version_is_read(tmp_path: Path, said: str, version: int) -> None:
    assert java_version(put_java(tmp_path, said)) == version


def test_the_java_of_java_home_comes_first(no_java: pytest.MonkeyPatch, tmp_path: Path) -> None:
    no_java.setenv("JAVA_HOME", str(put_java(tmp_path / "home", "21.0.1").parents[1]))
    no_java.setenv("PATH", f"{put_java(tmp_path / 'path', '17.0.1').parent}")
    assert find_java() == tmp_path / "home"


def test_the_java_on_path_serves_where_java_home_is_too_old(no_java: pytest.MonkeyPatch, tmp_path: Path) -> None:
    no_java.setenv("JAVA_HOME", str(put_java(tmp_path / "home", "11.0.1").parents[1]))
    no_java.setenv("PATH", f"{put_java(tmp_path / 'path', '17.0.1').parent}")
    assert find_java() == tmp_path / "path"


@pytest.mark.usefixtures("no_java")
def test_a_machine_without_java_is_told_what_to_install() -> None:
    with pytest.raises(SettingsError, match=r"none was found in JAVA_HOME or on PATH\. Install a Java runtime"):
        find_java()


def test_an_old_java_is_named(no_java: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = put_java(tmp_path / "home", "1.8.0_402")
    no_java.setenv("JAVA_HOME", str(tmp_path / "home"))
    with pytest.raises(SettingsError, match=f"{program} is Java 8"):
        find_java()
