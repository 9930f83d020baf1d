"""Checks that ask whether the data can be trusted for business, by the figures that the models have worked out.

The models measure (finance_reconciliation, interaction_lateness) and landing counts (the ledger); here the figures are
held against the profile's parameters. Great Expectations judges rows and deliveries, dbt the models' own invariants:
neither knows these figures, so that no check stands in both.
"""

from datetime import datetime
from decimal import Decimal

import duckdb

from retention.quality.results import CheckResult

PARAMETERS = """
    select parameter, value
    from seeds.profile_parameters as parameters
    cross join raw.run_parameters as asked
    where parameters.profile in (asked.profile, 'all')
    qualify row_number() over (partition by parameter order by parameters.profile = 'all') = 1
"""
MONTHS_APART = """
    select strftime(month_start, '%Y-%m'), revenue_computed, revenue_booked, difference
    from marts.finance_reconciliation
    where not is_reconciled
    order by month_start
"""
MONTHS = """
    select
        count(*) filter (where is_reconciled), count(is_reconciled),
        count(*) filter (where missing_reason = 'not_booked')
    from marts.finance_reconciliation
"""
# Of the weeks that table completeness shows. What is pending may still be recorded in time.
RECORDING = """
    select
        cast(sum(interactions - late - missing - pending) as double)
        / nullif(cast(sum(interactions - pending) as double), 0)
    from marts.interaction_lateness
    where missing_reason is distinct from 'no_recording_times'
        and week_start >= (select min(week_start) from marts.completeness)
"""
QUARANTINE = """
    select entity, sum(rows_quarantined)::bigint, sum(rows_in)::bigint
    from ops.load_ledger
    group by entity
    having sum(rows_in) > 0
    order by entity
"""
# Of customers with a purchase: by measure those of the fullest band, its number (of equals the lowest), and all.
BANDS = """
    select band_column, max(customers), arg_min(band, (-customers, band)), sum(customers)::bigint
    from (
        select band_column, band, count(*) as customers
        from (unpivot marts.customer_rfm on r_band, f_band, m_band into name band_column value band)
        where last_purchase_on is not null
        group by all
    )
    group by band_column
    order by band_column desc
"""


def business_checks(connection: duckdb.DuckDBPyConnection, checked_at: datetime) -> list[CheckResult]:
    """Judge reconciliation with finance (I8), recording in time (I10), rows set aside and bands (R1 to R3).

    What was not delivered is not judged.

    Args:
        connection: a connection to the candidate.
        checked_at: instant written into the results, in the business's time zone.
    """
    asked = dict(connection.execute(PARAMETERS).fetchall())
    return [
        *_finance(connection, checked_at, asked["finance_tolerance_share"], asked["finance_difference_severity"]),
        *_recording(connection, checked_at, asked["recorded_in_time_share"]),
        *_quarantine(connection, checked_at, asked["quarantined_rows_share"]),
        *_bands(connection, checked_at, asked["band_coverage_limit"], int(asked["band_coverage_min_customers"])),
    ]


def _finance(
    connection: duckdb.DuckDBPyConnection, checked_at: datetime, tolerance: str, severity: str
) -> list[CheckResult]:
    """One row for all months that are over, and one for each that differs."""
    [(reconciled, judged, not_booked)] = connection.execute(MONTHS).fetchall()
    if not judged and not not_booked:
        return []
    share = f"{float(tolerance):.4g}"
    gaps = f", {not_booked} not booked" if not_booked else ""
    in_all = CheckResult(
        entity="finance_totals",
        check_name="months_reconciled",
        expectation="revenue within the tolerance of finance's total",
        column_name=None,
        observed=f"{reconciled} of {judged} months{gaps}",
        threshold=f"every month within {share} of finance's revenue",
        passed=reconciled == judged,
        severity=severity,
        checked_at=checked_at,
    )
    apart = [
        CheckResult(
            entity="finance_totals",
            check_name=f"month_{month}_reconciled",
            expectation="revenue within the tolerance of finance's total",
            column_name="revenue",
            observed=f"{computed} computed, {difference:+} against finance",
            threshold=f"{booked} booked, within {share} of it",
            passed=False,
            severity=severity,
            checked_at=checked_at,
        )
        for month, computed, booked, difference in connection.execute(MONTHS_APART).fetchall()
    ]
    return [in_all, *apart]


def _recording(connection: duckdb.DuckDBPyConnection, checked_at: datetime, least: str) -> list[CheckResult]:
    """The share of interactions recorded in time, of the last weeks."""
    [(share,)] = connection.execute(RECORDING).fetchall()
    if share is None:
        return []
    return [
        CheckResult(
            entity="interactions",
            check_name="recorded_in_time",
            expectation="share recorded within the profile's recording_hours",
            column_name="recorded_at",
            observed=f"{share:.6g}",
            threshold=f">= {float(least):g}",
            passed=share >= float(least),
            severity="warning",
            checked_at=checked_at,
        )
    ]


def _quarantine(connection: duckdb.DuckDBPyConnection, checked_at: datetime, most: str) -> list[CheckResult]:
    """For each delivered entity the share of its rows that landing set aside, over all its loads."""
    return [
        CheckResult(
            entity=entity,
            check_name="rows_set_aside",
            expectation="share of delivered rows in quarantine",
            column_name=None,
            observed=f"{set_aside / rows:.6g} ({set_aside} of {rows} rows)",
            threshold=f"<= {float(most):g}",
            passed=set_aside <= Decimal(most) * rows,
            severity="warning",
            checked_at=checked_at,
        )
        for entity, set_aside, rows in connection.execute(QUARANTINE).fetchall()
    ]


def _bands(connection: duckdb.DuckDBPyConnection, checked_at: datetime, most: str, least: int) -> list[CheckResult]:
    """For each measure whether its bands part the customers; a few customers are not judged."""
    return [
        CheckResult(
            entity="customer_rfm",
            check_name="profile_fits",
            expectation="share of customers with a purchase in the fullest band",
            column_name=column,
            observed=f"{fullest / customers:.6g} (band {band})",
            threshold=f"<= {float(most):g}; retention profile suggest",
            passed=fullest <= Decimal(most) * customers,
            severity="warning",
            checked_at=checked_at,
        )
        for column, fullest, band, customers in connection.execute(BANDS).fetchall()
        if customers >= least
    ]
