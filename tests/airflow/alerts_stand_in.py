"""A table `alerts` of overdue tickets, for a project that has none yet: the columns that notices read."""

import re
from pathlib import Path

SQL = """
with tickets as (

    select * from {{ ref('stg_tickets') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

overdue as (

    select
        tickets.ticket_id,
        run_parameters.as_of_date,
        cast(tickets.due_at as date) as opened_on,
        cast(tickets.resolved_at as date) as closed_on
    from tickets
    cross join run_parameters
    where
        cast(tickets.due_at as date) <= run_parameters.as_of_date
        and (tickets.resolved_at is null or tickets.resolved_at > tickets.due_at)

)

select
    cast(ticket_id || ' ' || cast(opened_on as varchar) as varchar) as alert_id,
    cast('W5.ticket_overdue' as varchar) as rule_id,
    cast('deadline' as varchar) as alert_type,
    cast('ticket' as varchar) as subject_type,
    ticket_id as subject_id,
    cast('warning' as varchar) as severity,
    cast(
        case when closed_on is not null then 'closed' when opened_on = as_of_date then 'opened' else 'open' end
        as varchar
    ) as status,
    opened_on,
    closed_on,
    cast(null as varchar) as metric,
    cast(null as double) as metric_value,
    cast(null as double) as threshold,
    cast(null as varchar) as unit,
    cast('service' as varchar) as owner,
    cast(null as varchar) as recommended_action,
    cast('overdue' as varchar) as reason,
    cast(0 as decimal(18, 2)) as value_at_stake,
    closed_on is null as is_in_digest,
    as_of_date
from overdue
"""
TYPES = {
    "opened_on": "date", "closed_on": "date", "metric_value": "double", "threshold": "double",
    "value_at_stake": "decimal(18, 2)", "is_in_digest": "boolean", "as_of_date": "date",
}  # fmt: skip
NAMES = re.findall(r"(\w+),?$(?=\n    cast|\n    \w|\nfrom)", SQL.split(")\n\nselect")[1], re.MULTILINE)


def add_alerts(project: Path) -> None:
    """Write the model into a copy of the project."""
    folder = project / "dbt_project" / "models" / "marts" / "board"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "alerts.sql").write_text(SQL, encoding="utf-8")
    columns = "\n".join(
        f"      - {{name: {name}, data_type: '{TYPES.get(name, 'varchar')}', description: As the contract.}}"
        for name in NAMES
    )
    head = "version: 2\n\nmodels:\n  - name: alerts\n    description: One row per alert.\n    columns:\n"
    (folder / "_alerts.yml").write_text(head + columns + "\n", encoding="utf-8")
