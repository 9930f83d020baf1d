"""`retention.toml` in the working folder: what it sets, and what it must not hide."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from retention.errors import SettingsError
from retention.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    load_settings.cache_clear()
    yield tmp_path
    load_settings.cache_clear()


def test_the_file_sets_what_the_environment_does_not(working_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (working_folder / "retention.toml").write_text('profile = "cdnow"\nthreads = 1\n')
    monkeypatch.setenv("RETENTION_THREADS", "3")
    settings = load_settings()
    assert (settings.profile, settings.threads) == ("cdnow", 3)


def test_a_name_that_is_no_setting_is_told_rather_than_left_out(working_folder: Path) -> None:
    (working_folder / "retention.toml").write_text('notcies = "ours.yml"\n')
    with pytest.raises(SettingsError, match=r"^retention\.toml: notcies: no such setting\. Settings: .*notices"):
        load_settings()


@pytest.mark.parametrize("text", [b"profile = retail\n", b'profile = "\xff"\n'])
def test_a_file_that_is_no_toml_is_refused(working_folder: Path, text: bytes) -> None:
    (working_folder / "retention.toml").write_bytes(text)
    with pytest.raises(SettingsError, match=r"^retention\.toml cannot be read: "):
        load_settings()
