with counts as (

    select * from {{ ref('stg_completeness_counts') }}

),

thresholds as (

    select * from {{ source('raw', 'completeness_thresholds') }}

),

weeks as (

    select week_start
    from counts
    where entity is null

),

delivered as (

    select entity
    from counts
    where entity is not null and column_name is null

),

asked as (

    select
        thresholds.*,
        weeks.week_start,
        delivered.entity is not null as is_delivered,
        -- What was known in an earlier week is told by a day or a version alone.
        thresholds.is_event
        or thresholds.version_column is not null
        or weeks.week_start = max(weeks.week_start) over (partition by thresholds.entity, thresholds.column_name)
            as is_dated
    from thresholds
    cross join weeks
    left join delivered on thresholds.entity = delivered.entity

),

counted as (

    select
        asked.entity,
        asked.column_name,
        asked.week_start,
        asked.threshold,
        case
            when not asked.is_delivered then 'not_delivered'
            when asked.raw_column is null then 'not_kept_in_raw'
            when not asked.is_dated then 'undated_entity'
            when counts.row_count is null then 'no_rows_in_week'
        end as missing_reason,
        case
            when asked.is_delivered and asked.raw_column is not null and asked.is_dated
                then coalesce(counts.row_count, 0)
        end as row_count,
        case
            when asked.is_delivered and asked.raw_column is not null and asked.is_dated
                then coalesce(counts.missing_count, 0)
        end as missing_count
    from asked
    left join counts
        on
            asked.entity = counts.entity
            and asked.column_name = counts.column_name
            and asked.week_start = counts.week_start

)

select * from counted
