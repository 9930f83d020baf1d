{#
  Touches as staged: the newest version of each made by the as-of day. A touch is seen from its day on; what followed it
  is seen only once it has happened too. among: a relation of the touch_ids to look at; none: all.
#}
{% macro stage_touches(among=none) -%}
    select
        -- ids
        newest.touch_id,
        newest.customer_id,
        newest.plan_id,
        newest.campaign_id,

        -- descriptions
        newest.channel,
        newest.variant,
        newest.feedback,

        -- instants
        newest.touched_at,
        case when cast(newest.delivered_at as date) <= run_parameters.as_of_date then newest.delivered_at end
            as delivered_at,
        case when cast(newest.opened_at as date) <= run_parameters.as_of_date then newest.opened_at end as opened_at,
        case when cast(newest.clicked_at as date) <= run_parameters.as_of_date then newest.clicked_at end as clicked_at,
        case when cast(newest.responded_at as date) <= run_parameters.as_of_date then newest.responded_at end
            as responded_at
    from (
        {{ newest_version('touches', ['touch_id'], among=among) }}
    ) as newest
    cross join {{ source('raw', 'run_parameters') }} as run_parameters
    where cast(newest.touched_at as date) <= run_parameters.as_of_date
{%- endmacro %}
