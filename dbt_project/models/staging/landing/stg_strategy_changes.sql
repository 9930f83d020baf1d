with newest as (

    {{ newest_version('strategy_changes', ['change_id']) }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

in_force_by_then as (

    select
        -- ids
        newest.change_id,

        -- descriptions
        newest.scheme,
        newest.tier,
        newest.description as change_description,
        newest.approver,

        -- days and instants
        newest.changed_on,
        case when cast(newest.approved_at as date) <= run_parameters.as_of_date then newest.approved_at end
            as approved_at
    from newest
    cross join run_parameters
    where newest.changed_on <= run_parameters.as_of_date

)

select * from in_force_by_then
