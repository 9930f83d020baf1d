"""Where every default comes from: environment (`RETENTION_*`), then `.env`, then `retention.toml`, then this file.

The environment is read here and nowhere else; every other module takes paths and dates as arguments.
"""

import tomllib
from datetime import date, time
from functools import lru_cache
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from retention.errors import SettingsError
from retention.runs import Home

PROJECT_DIR = Path(__file__).resolve().parents[2]


class Settings(BaseSettings):
    """One field per option. `RETENTION_HOME=/srv/retention` sets `home`, and so on."""

    model_config = SettingsConfigDict(
        env_prefix="RETENTION_", env_file=".env", toml_file="retention.toml", extra="ignore", validate_default=True
    )

    home: Path = Field(Path("data"), description="Folder that holds raw data, work, releases and the vault.")
    landing: Path | None = Field(None, description="Folder with one sub-folder per entity. Default: HOME/landing.")
    sources: Path = Field(Path("sources.yml"), description="Declaration of the sources; without the file, none.")
    notices: Path = Field(Path("notices.yml"), description="Who is told of alerts; without the default file, nobody.")
    daily_reports: bool = Field(True, description="Whether the daily run in Airflow writes report and workbook.")
    approvers: str = Field(
        "", description="Airflow users who may answer strategy proposals, by ID, parted by commas. Default: all."
    )
    sources_deadline: time = Field(
        time(9, 30), description="Until when, in the business's time zone, the daily run waits for its sources."
    )
    profile: str = Field("retail", description="Named set of rule rows in dbt_project/seeds.")
    as_of: date | None = Field(None, description="Day the tables describe. Default: the last day of the data.")
    known_by: date | None = Field(
        None, description="See only what had been taken in by the end of this day. Default: all that is known now."
    )
    timezone: str = Field("Asia/Shanghai", description="The business's time zone, for schedules and instants.")
    default_region: str = Field(
        "CN", pattern=r"^[A-Z]{2}$", description="Country of telephone numbers without a calling code, two letters."
    )
    language: Literal["en", "zh"] = Field("en", description="Language of explanations and suggestions: en or zh.")
    project_dir: Path = Field(PROJECT_DIR, description="Folder that holds dbt_project/ and expectations/.")
    threads: int = Field(2, ge=1, le=256, description="Threads of dbt, DuckDB and Spark.")
    memory_limit: str = Field(
        "8GB", pattern=r"^[1-9]\d*(\.\d+)?\s?([KMGT]i?B)$", description="Memory that DuckDB or Spark may take."
    )
    target: Literal["duckdb", "spark"] = Field("duckdb", description="Engine that builds the tables.")
    full_refresh: bool = Field(
        False, description="Build every table anew, though the last release could be gone on from."
    )
    keep_releases: int = Field(7, ge=2, description="Releases kept on disk for rollback.")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("no time zone of this name") from error
        return name

    @property
    def landing_dir(self) -> Path:
        """The landing folder, absolute."""
        return (self.landing or self.home / "landing").expanduser().resolve()

    @property
    def sources_file(self) -> Path:
        """The file that declares the sources, absolute."""
        return self.sources.expanduser().resolve()

    @property
    def notices_file(self) -> Path:
        """The file that says who is told of alerts, absolute."""
        return self.notices.expanduser().resolve()

    @property
    def is_notices_named(self) -> bool:
        """Whether somebody named that file: it must be there then."""
        return "notices" in self.model_fields_set

    @property
    def home_dir(self) -> Path:
        """The home folder, absolute."""
        return self.home.expanduser().resolve()

    @property
    def home_path(self) -> Home:
        """The folders of the home."""
        return Home(self.home_dir)

    @property
    def zone(self) -> ZoneInfo:
        """The business's time zone."""
        return ZoneInfo(self.timezone)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put `retention.toml` last, behind the environment and `.env`."""
        del file_secret_settings
        return init_settings, env_settings, dotenv_settings, TomlConfigSettingsSource(settings_cls)


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """Read the settings once.

    Raises:
        SettingsError: a value is of the wrong kind, or `retention.toml` names no setting; the message names it.
    """
    try:
        _refuse_unknown_keys(Path("retention.toml"))
        return Settings()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"retention.toml cannot be read: {error}.", "Correct it, or take it away.") from error
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        problem = first["msg"].removeprefix("Value error, ").lower()
        raise SettingsError(
            f"RETENTION_{name} is {first.get('input')!r}: {problem}.",
            "Correct it in the environment, .env or retention.toml.",
        ) from error


def _refuse_unknown_keys(file: Path) -> None:
    """Refuse what would be left out without a word. The environment and `.env` hold other programs' names, too."""
    if not file.exists():
        return
    unknown = sorted(set(tomllib.loads(file.read_text(encoding="utf-8"))) - set(Settings.model_fields))
    if unknown:
        raise SettingsError(
            f"{file}: {', '.join(unknown)}: no such setting.", f"Settings: {', '.join(sorted(Settings.model_fields))}."
        )
