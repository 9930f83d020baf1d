with newest as (

    {{ newest_version('strategy_changes', ['change_id']) }}

),

versions as (

    select * from {{ source('raw', 'strategy_changes') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

-- A decision is about what was proposed: it holds when the source delivers the same proposal again without it, and not
-- for a proposal that was changed since.
decisions as (

    select
        versions.change_id,
        versions.changed_on,
        versions.scheme,
        versions.tier,
        versions.description,
        coalesce(versions.decision, 'approved') as decision,
        coalesce(versions.decided_by, versions.approver) as decided_by,
        coalesce(versions.decided_at, versions.approved_at) as decided_at,
        row_number() over (
            partition by
                versions.change_id, versions.changed_on, versions.scheme, versions.tier, versions.description
            order by versions._load_seq desc, versions._line_no desc
        ) as place
    from versions
    cross join run_parameters
    where
        (versions.decision is not null or versions.approver is not null or versions.approved_at is not null)
        and coalesce(cast(coalesce(versions.decided_at, versions.approved_at) as date), run_parameters.as_of_date)
        <= run_parameters.as_of_date

),

in_force_by_then as (

    select
        -- ids
        newest.change_id,

        -- descriptions
        newest.scheme,
        newest.tier,
        newest.description as change_description,
        newest.proposed_by,
        decided.decision,
        decided.decided_by,
        case when decided.decision = 'approved' then decided.decided_by end as approver,

        -- days and instants
        newest.changed_on,
        newest.proposed_at,
        decided.decided_at,
        case when decided.decision = 'approved' then decided.decided_at end as approved_at
    from newest
    left join decisions as decided
        on
            newest.change_id = decided.change_id
            and newest.changed_on = decided.changed_on
            and newest.scheme = decided.scheme
            and newest.tier = decided.tier
            and newest.description = decided.description
            and decided.place = 1
    cross join run_parameters
    where newest.changed_on <= run_parameters.as_of_date

)

select * from in_force_by_then
