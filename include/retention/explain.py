"""Why a customer stands where it stands: the inputs, the thresholds they met and the rules' IDs."""

from typing import Any

import duckdb

from retention.errors import NotThereError
from retention.identity import merged_into
from retention.runs import Home
from retention.warehouse.candidate import open_warehouse

CUSTOMER_TABLES = ("dim_customers", "customer_rfm", "customer_lifecycle")


def explain_customer(home: Home, customer_id: str) -> dict[str, Any]:
    """Gather what the published tables say of one customer, and the rule rows behind it.

    Returns:
        By table its row as a dictionary; `tiers` (a list), `bands`, `cutoffs` and `rules` with the thresholds. Of a
        profile that was merged into a customer, that customer's, and `merged_from`: the profile's own ID.

    Raises:
        NotThereError: nothing has been published yet, or the release does not know the customer.
    """
    if not home.published.exists():
        raise NotThereError(f"Nothing has been published in {home.path} yet.", "Run the pipeline first: retention run.")
    with open_warehouse(home.published, read_only=True) as connection:
        golden = merged_into(connection, customer_id)
        asked, customer_id = customer_id, golden or customer_id
        found = {name: _rows(connection, _of_customer(name), customer_id) for name in CUSTOMER_TABLES}
        if not found["dim_customers"]:
            raise NotThereError(
                f"Customer '{customer_id}' is not in the published release.{_neighbours(connection, customer_id)}",
                "Customer IDs are those of the landed files.",
            )
        explained: dict[str, Any] = {name: rows[0] if rows else {} for name, rows in found.items()}
        explained["merged_from"] = asked if golden else None
        explained["tiers"] = _rows(
            connection, "select * from marts.customer_tiers where customer_id = ? order by scheme", customer_id
        )
        explained["bands"] = _rows(connection, BANDS)
        explained["cutoffs"] = (_rows(connection, CUTOFFS) or [{}])[0]
        met = [tier["rule_id"] for tier in explained["tiers"]] + _lifecycle_rules(explained["customer_lifecycle"])
        explained["rules"] = _rows(connection, RULES, met)
    return explained


def _of_profile(seed: str, key: str) -> str:
    """Rows of a rule seed that hold for the run's profile: its own rows for a key replace those of `all`."""
    return f"""
        select rule_rows.*
        from seeds.{seed} as rule_rows
        cross join raw.run_parameters as run
        where rule_rows.profile in (run.profile, 'all')
        qualify rank() over (
            partition by rule_rows.{key} order by case when rule_rows.profile = 'all' then 1 else 0 end
        ) = 1
    """


BANDS = f"""
    select measure, band, bound, unit, rule_id, description
    from ({_of_profile("rfm_bands", "measure")})
    order by measure, band desc
"""

CUTOFFS = """
    select cutoffs.*
    from intermediate.int_score_cutoffs as cutoffs
    inner join raw.run_parameters as run on cutoffs.snapshot_on = run.as_of_date
"""

RULES = f"""
    select scheme, rule_id, rule_rank, tier, condition_group, metric, operator, value
    from (
        select * exclude (profile) from ({_of_profile("tier_rules", "scheme")})
        union all by name
        select * exclude (profile) from ({_of_profile("lifecycle_rules", "scheme")})
    )
    where list_contains(?, rule_id)
    order by scheme, rule_rank, condition_group, metric
"""


def _lifecycle_rules(lifecycle: dict[str, Any]) -> list[str]:
    return [str(value) for name, value in lifecycle.items() if name.endswith("rule_id") and value]


def _of_customer(table: str) -> str:
    return f"select * from marts.{table} where customer_id = ?"


def _rows(connection: duckdb.DuckDBPyConnection, query: str, *values: object) -> list[dict[str, Any]]:
    result = connection.execute(query, list(values))
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _neighbours(connection: duckdb.DuckDBPyConnection, customer_id: str) -> str:
    """IDs that look like the one asked for."""
    close = connection.execute(
        "select customer_id from marts.dim_customers order by levenshtein(customer_id, ?), customer_id limit 3",
        [customer_id],
    ).fetchall()
    return f" Nearest: {', '.join(name for (name,) in close)}." if close else ""
