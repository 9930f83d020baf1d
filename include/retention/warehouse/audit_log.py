"""`ops.audit_log`: every decision that a person made, who, what, when, and how it stood before and after.

Decisions are loads; this puts those of all entities into one table, with the load that brought each: withdrawing the
load takes the decision back. It is made anew by each run from the loads that the run sees.
"""

from collections.abc import Collection

import duckdb

COLUMNS = """
    logged_at timestamp, actor varchar, action varchar, entity varchar, subject_id varchar, before varchar,
    after varchar, note varchar, load_id varchar, load_seq bigint, line_no bigint
"""
# A version says itself what it is; one that a source delivered with an approver is an approval.
STRATEGY = """
    with told as (
        select *, case
            when decision is not null then decision
            when approver is not null or approved_at is not null then 'approved'
            else 'open'
        end as status
        from raw.strategy_changes
    ),
    stated as (
        select *, cast({{'status': status, 'changed_on': changed_on, 'scheme': scheme, 'tier': tier,
            'description': description}}::json as varchar) as state
        from told
    ),
    followed as (
        select *, lag(state) over by_change as before, row_number() over by_change as nth,
            row_number() over (partition by change_id, state order by _load_seq, _line_no) as told
        from stated
        window by_change as (partition by change_id order by _load_seq, _line_no)
    )
    select
        case when status = 'open' then proposed_at else coalesce(decided_at, approved_at) end as logged_at,
        case when status = 'open' then proposed_by else coalesce(decided_by, approver) end as actor,
        case when status != 'open' then status when nth = 1 then 'proposed'
            when told > 1 then 'delivered_again' else 'changed' end as action,
        'strategy_changes' as entity, change_id as subject_id, before, state as after, comment as note,
        _load_id as load_id, _load_seq as load_seq, _line_no as line_no
    from followed
"""
SIMPLE = """
    select
        {at} as logged_at, {actor} as actor, {after} as action, '{entity}' as entity, {subject} as subject_id,
        lag({after}) over (partition by {subject} order by {at}, _load_seq, _line_no) as before, {after} as after,
        {note} as note, _load_id as load_id, _load_seq as load_seq, _line_no as line_no
    from raw.{entity}
"""
LISTED = {
    "tier_decisions": {
        "at": "decided_at",
        "actor": "approver",
        "after": "decision",
        "subject": "concat_ws('/', review_id, scheme, coalesce(customer_id, '*'))",
        "note": "note",
    },
    "label_reviews": {
        "at": "reviewed_at",
        "actor": "reviewer",
        "after": "status",
        "subject": "concat_ws('/', customer_id, label, rule_version)",
        "note": "note",
    },
    "identity_decisions": {
        "at": "decided_at",
        "actor": "decided_by",
        "after": "action",
        "subject": "concat_ws('/', coalesce(withdrawn_decision_id, customer_id), other_customer_id)",
        "note": "reason",
    },
    "alert_decisions": {
        "at": "decided_at",
        "actor": "decided_by",
        "after": "action",
        "subject": "alert_id",
        "note": "note",
    },
}


def write_audit_log(connection: duckdb.DuckDBPyConnection, entities: Collection[str]) -> None:
    """Lay the table in the schema `ops`, from the views of the schema `raw`.

    Args:
        entities: those that there are views of.
    """
    parts = [SIMPLE.format(entity=name, **columns) for name, columns in LISTED.items() if name in entities]
    parts += [STRATEGY.format()] if "strategy_changes" in entities else []
    connection.execute(f"create table ops.audit_log ({COLUMNS})")
    if parts:
        union = " union all by name ".join(f"({part})" for part in parts)
        connection.execute(
            f"insert into ops.audit_log by name select * from ({union}) order by logged_at, load_seq, line_no"
        )
