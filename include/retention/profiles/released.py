"""The published release, held against a profile."""

from typing import Any

from retention.errors import NotThereError
from retention.profiles.coverage import Coverage, coverage, read_bands
from retention.profiles.silence import ChurnWindow, churn_window
from retention.settings import Settings
from retention.warehouse.candidate import open_warehouse

RUN = """
    select run.profile, run.as_of_date, (select count(*) from marts.customer_rfm where last_purchase_on is not null)
    from raw.run_parameters as run
"""
PARAMETERS = """
    select parameter, value
    from seeds.profile_parameters as rule_rows
    cross join raw.run_parameters as asked
    where rule_rows.profile in (asked.profile, 'all')
    qualify row_number() over (partition by parameter order by rule_rows.profile = 'all') = 1
"""


class Released:
    """The published release, held against the bands of a profile.

    Raises:
        NotThereError: nothing has been published yet.
        SettingsError: there is no such profile.
    """

    def __init__(self, settings: Settings, profile: str | None) -> None:
        self._settings, self._asked = settings, profile

    def __enter__(self) -> "Released":
        home = self._settings.home_path
        if not home.published.exists():
            raise NotThereError(
                f"Nothing has been published in {home.path} yet.", "Run the pipeline first: retention run."
            )
        self._opened = open_warehouse(home.published, read_only=True)
        self.connection = self._opened.__enter__()
        [(released, self.as_of, self.customers)] = self.connection.execute(RUN).fetchall()
        self.parameters: dict[str, str] = dict(self.connection.execute(PARAMETERS).fetchall())
        self.limit = float(self.parameters.get("band_coverage_limit", 1))
        self.least = int(self.parameters.get("band_coverage_min_customers", 0))
        self.profile = self._asked or str(released)
        self.covered = coverage(self.connection, read_bands(self._settings.project_dir, self.profile))
        return self

    @property
    def title(self) -> str:
        """What is held against what, for people."""
        return f"Profile {self.profile} on the release as of {self.as_of}"

    @property
    def heading(self) -> dict[str, Any]:
        """The same for programs."""
        return {"profile": self.profile, "as_of": self.as_of}

    @property
    def too_few(self) -> str | None:
        """Why the bands are not judged, as the run's own check does not; None where they are."""
        if self.customers >= self.least:
            return None
        return (
            f"Not judged: customers with a purchase are {self.customers:,}, fewer than {self.least:,} "
            "(band_coverage_min_customers)."
        )

    @property
    def currency(self) -> str:
        """The currency of the release's amounts."""
        return self.parameters.get("reporting_currency", "currency").strip().upper()

    @property
    def active_window_days(self) -> int:
        """The window by which the release tells active customers."""
        return int(self._parameter("active_window_days"))

    @property
    def return_days(self) -> int:
        """Within how many days more a return counts against a churn window."""
        return int(self._parameter("churn_return_days"))

    @property
    def return_share(self) -> float:
        """The share of the silent that may return after a churn window."""
        return float(self._parameter("churn_return_share"))

    def _parameter(self, name: str) -> str:
        if name not in self.parameters:
            raise NotThereError(f"The release has no parameter {name}.", "It is of an earlier version: retention run.")
        return self.parameters[name]

    def churn_window(self) -> ChurnWindow:
        """The churn window that the published purchases suggest."""
        return churn_window(self.connection, self.return_days, self.return_share, self.least)

    def verdict(self, one: Coverage) -> str:
        """A measure, and whether its bands are fit."""
        if self.too_few:
            return f"{one.measure}: not judged"
        return f"{one.measure}: {'unfit, a band holds more than ' + f'{self.limit:g}' if self.is_unfit(one) else 'fit'}"

    def is_unfit(self, one: Coverage) -> bool:
        """Whether the bands of a measure are judged, and unfit."""
        return not self.too_few and not one.is_fit(self.limit)

    def __exit__(self, *raised: Any) -> None:
        self._opened.__exit__(*raised)
