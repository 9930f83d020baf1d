"""What the commands share: options of more than one of them, and the settings with what was given in their place."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from retention.errors import SettingsError
from retention.settings import Settings, load_settings

HomeOption = Annotated[Path | None, typer.Option("--home", help="Folder for raw data, work and releases.")]
LandingOption = Annotated[Path | None, typer.Option("--landing", help="Folder with one sub-folder per entity.")]
LanguageOption = Annotated[str, typer.Option("--language", help="Language of heads and names: en or zh.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def settings_with(**given: object) -> Settings:
    """The settings, with what the command line gives in their place; None is not given."""
    return load_settings().model_copy(update={name: value for name, value in given.items() if value is not None})


def month_of(text: str, option: str) -> date:
    """Read a month, or a day of it; the day, which is the first of a month.

    Raises:
        SettingsError: it is neither; the message names the option.
    """
    try:
        return date.fromisoformat(text if text.count("-") > 1 else f"{text}-01")
    except ValueError as error:
        raise SettingsError(f"{option} {text} is no month.", "Write it as YYYY-MM, for example 2018-01.") from error


def day_of(text: str, option: str) -> date:
    """Read a day.

    Raises:
        SettingsError: it is none; the message names the option.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"{option} {text} is no day.", "Write it as YYYY-MM-DD, for example 2018-01-01.") from error
