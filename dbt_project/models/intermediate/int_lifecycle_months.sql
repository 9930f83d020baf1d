{{ config(materialized=changed_in_place(), incremental_strategy='replace', incremental_predicates=['true']) }}

with snapshots as (

    select * from {{ ref('int_snapshot_dates') }}

),

shown as (

    select
        snapshot_on as month_end,
        is_as_of
    from snapshots
    where {{ month_start(add_days('snapshot_on', 1)) }} = {{ add_days('snapshot_on', 1) }}

),

-- The stage before that of the first month shown is that of a month-end which is not.
asked_for as (

    select month_end from shown
    union distinct
    select {{ add_days(month_start('month_end'), -1) }} as month_end from shown

),

numbered as (

    select
        asked_for.month_end,
        cast(row_number() over (order by asked_for.month_end) as integer) as month_number,
        lag(asked_for.month_end) over (order by asked_for.month_end) as opens_after,
        coalesce(shown.is_as_of, false) as is_as_of,
        shown.month_end is not null as is_shown
    from asked_for
    left join shown on asked_for.month_end = shown.month_end

),

compared as (

    select
        numbered.*,
        {% if is_increment() %}
        numbered.is_shown and not coalesce(former.is_shown, false) as is_new
        {% else %}
        numbered.is_shown as is_new
        {% endif %}
    from numbered
    {% if is_increment() %}
    left join {{ this }} as former on numbered.month_end = former.month_end
    {% endif %}

),

described as (

    select
        *,
        is_new or coalesce(lead(is_new) over (order by month_number), false) as is_described
    from compared

)

select * from described
