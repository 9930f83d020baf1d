"""What the published release says of one customer, and the rules behind it."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from retention.errors import NotThereError
from retention.explanation.figures import MEASURES, Scale, changed
from retention.explanation.movement import Way, is_unrecorded, way_up
from retention.explanation.names import Names, read_names
from retention.explanation.orders import orders_today
from retention.explanation.outlook import outlook_in
from retention.explanation.queries import has_table, of_customer, of_profile, rows_of
from retention.explanation.rules import Figures, Group, first_match, groups_by_scheme
from retention.explanation.wording import Wording
from retention.identity import merged_into
from retention.runs import Home
from retention.warehouse.candidate import open_warehouse

CUSTOMER_TABLES = ("dim_customers", "customer_rfm", "customer_lifecycle")
# What each axis of the lifecycle is called in its table.
AXES = {
    "lifecycle_stage": ("lifecycle_stage", "stage_rule_id"),
    "lifecycle_age": ("age_stage", "age_rule_id"),
    "lifecycle_activity": ("activity_state", "activity_rule_id"),
    "lifecycle_curve": ("curve_stage", "curve_rule_id"),
    "lifecycle_dormancy": ("dormancy", "dormancy_rule_id"),
}


def explain_customer(home: Home, customer_id: str, language: str = "en") -> dict[str, Any]:
    """Gather why a customer stands where it stands, and what would move it one tier up.

    Args:
        language: en or zh, of the names.

    Returns:
        `language`; `merged_from`, the ID asked for where that profile was merged into the customer, else None; the
        customer's rows of `dim_customers`, `customer_rfm` and `customer_lifecycle`; `bands` of the profile and
        `cutoffs` of the as-of day (empty for scores by equal counts); `rules`, the rows of the rules that hold.

        `tiers`, the primary scheme first: the row of `customer_tiers` with `scheme_name` and `tier_name`; `conditions`,
        those of the group that holds, each with metric, name, operator, value and the customer's figure (`present`);
        and `up`: `to_tier`, `to_tier_name`, `rule_id`, `condition_group`; `conditions` of that group, each with
        `present`, `after` and `is_met` today; `changes`, each with metric, name, present, needed, difference and
        `is_decision`; `with_orders_today`, None where orders alone do not do it: `orders`, `amount` and the tier that
        these orders lead to when they are made today; `without_decision`, another way told likewise, where the first
        takes a decision of the company and behaviour alone does it, too, else None. Without any way `to_tier` is None
        and `reason` says why: `best_tier`, `no_order_of_tiers`, `out_of_reach`, `figures_missing`, or `not_recorded`
        with the `unknown` metrics' names: better tiers ask for what was never delivered.
        `review`: the last review with the customer under the scheme, None without one.

        `axes`: axis, name, stage, stage_name, rule_id and conditions of each axis of the lifecycle; without a stage
        also `reason`. `outlook`: churn risk and health as `outlook_in` gathers them. `labels`: rows of
        `customer_labels` with `label_name`, those held today first; empty where the release has no such table.

    Raises:
        NotThereError: nothing has been published yet, or the release does not know the customer.
    """
    if not home.published.exists():
        raise NotThereError(f"Nothing has been published in {home.path} yet.", "Run the pipeline first: retention run.")
    with open_warehouse(home.published, read_only=True) as connection:
        return explain_in(connection, customer_id, language)


def explain_in(connection: duckdb.DuckDBPyConnection, customer_id: str, language: str) -> dict[str, Any]:
    """The same from a connection to a release's warehouse.

    Raises:
        NotThereError: the release does not know the customer.
    """
    golden = merged_into(connection, customer_id)
    asked, customer_id = customer_id, golden or customer_id
    found = {name: rows_of(connection, of_customer(name), customer_id) for name in CUSTOMER_TABLES}
    if not found["dim_customers"]:
        raise NotThereError(
            f"Customer '{customer_id}' is not in the published release.{_neighbours(connection, customer_id)}",
            "Customer IDs are those of the landed files.",
        )
    explained: dict[str, Any] = {"language": language, "merged_from": asked if golden else None}
    explained |= {name: rows[0] if rows else {} for name, rows in found.items()}
    names = read_names(connection, language)
    explained["bands"] = rows_of(connection, BANDS)
    explained["cutoffs"] = (rows_of(connection, CUTOFFS) or [{}])[0]
    tier_rows, lifecycle_rows = (rows_of(connection, query) for query in (TIER_RULES, LIFECYCLE_RULES))
    explained["tiers"] = _tiers(connection, explained, tier_rows, names)
    explained["axes"] = _axes(explained, lifecycle_rows, names)
    explained["outlook"] = outlook_in(connection, customer_id, names)
    explained["labels"] = _labels(connection, customer_id, names)
    met = {row["rule_id"] for row in (*explained["tiers"], *explained["axes"])}
    explained["rules"] = [row for row in (*tier_rows, *lifecycle_rows) if row["rule_id"] in met]
    return explained


def published_names(home: Home, language: str) -> Names:
    """The names of the published release.

    Args:
        language: en or zh.
    """
    with open_warehouse(home.published, read_only=True) as connection:
        return read_names(connection, language)


def _rules(seed: str) -> str:
    return f"""
        select scheme, rule_id, rule_rank, tier, condition_group, metric, operator, value
        from ({of_profile(seed, "scheme")})
        order by scheme, rule_rank, condition_group, metric, operator, value
    """


TIER_RULES = _rules("tier_rules")
LIFECYCLE_RULES = _rules("lifecycle_rules")
BANDS = f"""
    select measure, band, bound, unit, rule_id, description
    from ({of_profile("rfm_bands", "measure")})
    order by measure, band desc
"""
# A bound in months is that many days on the as-of day: the days d with D - N months < d.
BOUNDS = f"""
    select
        bands.measure,
        bands.band,
        case
            when bands.measure = 'recency' and bands.unit = 'months'
                then run.as_of_date - cast(run.as_of_date - to_months(cast(bands.bound as integer)) as date) - 1
            else bands.bound
        end as bound
    from ({of_profile("rfm_bands", "measure")}) as bands
    cross join raw.run_parameters as run
    order by bands.measure, bands.band desc
"""
PARAMETERS = f"select parameter, value from ({of_profile('profile_parameters', 'parameter')})"
CUTOFFS = """
    select cutoffs.*
    from intermediate.int_score_cutoffs as cutoffs
    inner join raw.run_parameters as run on cutoffs.snapshot_on = run.as_of_date
"""
CELLS = "select r_score, f_score, m_score, rfm_score, rfm_segment from intermediate.int_score_cells"
# The view of all snapshots where DuckDB built the release, else the table that Spark hands over.
METRICS = ("int_customer_metrics", "int_customer_metrics_as_of")
TIERS = """
    select * from marts.customer_tiers
    where customer_id = ?
    order by is_primary_scheme desc, scheme
"""
REVIEWS = """
    select scheme, review_id, tier_before, tier_after, status, approver, decided_at from marts.tier_review_list
    where customer_id = ?
    qualify row_number() over (partition by scheme order by review_id desc) = 1
"""
LABELS = """
    select * from marts.customer_labels
    where customer_id = ?
    order by is_current desc, label
"""


def _tiers(
    connection: duckdb.DuckDBPyConnection,
    explained: Mapping[str, Any],
    rules: Sequence[Mapping[str, Any]],
    names: Names,
) -> list[dict[str, Any]]:
    """The customer's tier under each scheme, why, and the way up."""
    customer_id = explained["dim_customers"]["customer_id"]
    schemes = groups_by_scheme(rules)
    parameters = {row["parameter"]: row["value"] for row in rows_of(connection, PARAMETERS)}
    unordered = {name.strip() for name in parameters.get("unordered_schemes", "").split(",")}
    scale = _scale(connection, explained["cutoffs"], parameters)
    metrics = _metrics(connection, customer_id)
    figures = by_metric(metrics, [row["metric"] for row in rules])
    has_reviews = has_table(connection, "marts", "tier_review_list")
    reviews = {row["scheme"]: row for row in rows_of(connection, REVIEWS, customer_id)} if has_reviews else {}
    told = []
    for row in rows_of(connection, TIERS, customer_id):
        groups = schemes.get(row["scheme"], [])
        current = first_match(groups, figures)
        if current is not None and current.rule_id != row["rule_id"]:
            current = None
        told.append(
            row
            | {
                "scheme_name": names.of("scheme", row["scheme"]),
                "tier_name": names.of(row["scheme"], row["tier"]),
                "conditions": [] if current is None else _conditions(current, figures, names),
                "review": reviews.get(row["scheme"]),
                "up": _up(row["scheme"], row["scheme"] in unordered, groups, current, figures, scale, names),
            }
        )
    return told


def _metrics(connection: duckdb.DuckDBPyConnection, customer_id: str) -> dict[str, Any]:
    """What the rules ask about the customer; empty for a release that keeps none of it."""
    table = next((name for name in METRICS if has_table(connection, "intermediate", name)), None)
    if table is None:
        return {}
    query = f"select * from intermediate.{table} where customer_id = ? and is_as_of"
    return (rows_of(connection, query, customer_id) or [{}])[0]


def _up(
    scheme: str,
    is_unordered: bool,
    groups: Sequence[Group],
    current: Group | None,
    figures: Figures,
    scale: Scale,
    names: Names,
) -> dict[str, Any]:
    """What would move the customer one tier up, or why nothing would."""
    if is_unordered or any(group.tier_metric for group in groups):
        return {"to_tier": None, "reason": "no_order_of_tiers"}
    if current is None:
        return {"to_tier": None, "reason": "figures_missing"}
    if not any(group.rank < current.rank and group.tier != current.tier for group in groups):
        return {"to_tier": None, "reason": "best_tier"}
    way = way_up(groups, figures, scale, current)
    better = [group for group in groups if group.rank < current.rank]
    asked = dict.fromkeys(one.metric for group in better for one in group.conditions)
    unknown = [names.metric(metric) for metric in asked if is_unrecorded(metric, figures)]
    if way is None and unknown and scale.cells:
        return {"to_tier": None, "reason": "not_recorded", "unknown": unknown}
    if way is None:
        return {"to_tier": None, "reason": "out_of_reach" if scale.cells else "figures_missing"}
    told = _told_way(scheme, way, groups, figures, scale, names)
    alone = way_up(groups, figures, scale, current, with_decisions=False) if way.is_decided else None
    told["without_decision"] = None if alone is None else _told_way(scheme, alone, groups, figures, scale, names)
    return told


def _told_way(
    scheme: str, way: Way, groups: Sequence[Group], figures: Figures, scale: Scale, names: Names
) -> dict[str, Any]:
    after = changed(figures, way.change, scale)
    today = orders_today(way, groups, figures, scale)
    return {
        "to_tier": way.tier,
        "to_tier_name": names.of(scheme, way.tier),
        "rule_id": way.group.rule_id,
        "condition_group": way.group.number,
        "conditions": [
            one.as_row(figures)
            | {"name": names.metric(one.metric), "after": after.get(one.metric), "is_met": one.holds(figures)}
            for one in way.group.conditions
        ],
        "changes": [
            {
                "metric": name,
                "name": names.metric(name),
                "present": figures.get(name),
                "needed": after[name],
                "difference": _difference(figures.get(name), after[name]),
                "is_decision": isinstance(after[name], str),
            }
            for name in way.named
        ],
        "with_orders_today": None
        if today is None
        else {
            "orders": today[0].orders,
            "amount": today[0].amount,
            "tier": today[1],
            "tier_name": names.of(scheme, today[1]),
        },
    }


def _difference(present: Any, needed: Any) -> Any:
    if isinstance(needed, str):
        return None
    return needed - (present or type(needed)(0))


def _conditions(group: Group, figures: Figures, names: Names) -> list[dict[str, Any]]:
    return [one.as_row(figures) | {"name": names.metric(one.metric)} for one in group.conditions]


def by_metric(row: Mapping[str, Any], metrics: Sequence[str]) -> dict[str, Any]:
    """The figures of a row of columns under the names that rules give them.

    A metric with an argument stands in a column of its own: its name, two underscores and eight digits of the
    argument's MD5 (macro metric_column).
    """
    figures = dict(row)
    for metric in metrics:
        name, colon, argument = metric.partition(":")
        if colon:
            figures[metric] = row.get(f"{name}__{hashlib.md5(argument.encode()).hexdigest()[:8]}")  # noqa: S324  # no secret
    return figures


def _scale(connection: duckdb.DuckDBPyConnection, cutoffs: Mapping[str, Any], parameters: Mapping[str, str]) -> Scale:
    """What figures are held against: bands of the profile, cut-offs and cells of the as-of day."""
    bands: dict[str, list[Any]] = defaultdict(list)
    for row in rows_of(connection, BOUNDS):
        bands[row["measure"]].append((row["band"], row["bound"]))
    cuts = {measure: [float(cutoffs[f"{measure}_cut_{cut}"]) for cut in range(1, 5)] for measure in MEASURES if cutoffs}
    cells = {
        (row["r_score"], row["f_score"], row["m_score"]): (row["rfm_score"], row["rfm_segment"])
        for row in rows_of(connection, CELLS)
        if cuts or parameters["score_convention"] != "quantile"  # nobody has bought, so nothing says what scores what
    }
    window = {"0": "lifetime", parameters["rfm_window_months"]: "12m"}.get(parameters["score_window_months"])
    scored = {
        "recency": "recency_days",
        "frequency": f"frequency_{window}" if window else "scored_frequency",
        "monetary": f"monetary_{window}" if window else "scored_monetary",
    }
    return Scale(bands, cuts, cells, scored)


def _axes(explained: Mapping[str, Any], rules: Sequence[Mapping[str, Any]], names: Names) -> list[dict[str, Any]]:
    """The stage on each axis of the lifecycle, the displayed one first, and why."""
    lifecycle = explained["customer_lifecycle"]
    rfm = explained["customer_rfm"]
    figures = {**rfm, **explained["dim_customers"], **lifecycle}
    if rfm.get("recency_days") is None:
        figures["purchase_days_lifetime"] = 0
    schemes = groups_by_scheme(rules)
    told = []
    for axis, (column, rule_column) in AXES.items():
        if lifecycle.get(column) is None:
            if lifecycle.get(f"{column}_reason"):
                told.append(_unknown_axis(axis, lifecycle[f"{column}_reason"], names))
            continue
        alternatives = [one for one in schemes.get(axis, []) if one.rule_id == lifecycle[rule_column]]
        held = [one for one in alternatives if one.holds(figures)] or alternatives[:1]
        told.append(
            {
                "axis": axis,
                "name": names.of("lifecycle_axis", axis),
                "stage": lifecycle[column],
                "stage_name": names.of(column, lifecycle[column]),
                "rule_id": lifecycle[rule_column],
                "conditions": _conditions(held[0], figures, names) if held else [],
            }
        )
    return told


def _unknown_axis(axis: str, reason: str, names: Names) -> dict[str, Any]:
    """An axis on which the customer has no stage, and why."""
    stage: dict[str, Any] = {"stage": None, "stage_name": None, "rule_id": None, "conditions": []}
    return {"axis": axis, "name": names.of("lifecycle_axis", axis), **stage, "reason": reason}


def _labels(connection: duckdb.DuckDBPyConnection, customer_id: str, names: Names) -> list[dict[str, Any]]:
    """The customer's labels, where the release has them."""
    if not has_table(connection, "marts", "customer_labels"):
        return []
    return [
        row
        | {
            "label_name": names.of("label", row["label"]),
            "evidence_named": Wording(names).evidence(row["evidence"]),
            "review_status_name": names.of("review_status", row["review_status"]),
        }
        for row in rows_of(connection, LABELS, customer_id)
    ]


def _neighbours(connection: duckdb.DuckDBPyConnection, customer_id: str) -> str:
    """IDs that look like the one asked for."""
    close = connection.execute(
        "select customer_id from marts.dim_customers order by levenshtein(customer_id, ?), customer_id limit 3",
        [customer_id],
    ).fetchall()
    return f" Nearest: {', '.join(name for (name,) in close)}." if close else ""
