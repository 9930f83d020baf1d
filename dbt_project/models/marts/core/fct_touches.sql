{{ config(
    materialized=changed_in_place(),
    incremental_strategy='replace',
    incremental_predicates=['touch_id in (select touch_id from intermediate.int_changed_touch_ids)'],
    on_schema_change='fail'
) }}
{% set changed = ref('int_changed_touch_ids') %}

with touches as (

    {% if is_increment() %}
    {{ stage_touches(among=changed) }}
    {% else %}
    select * from {{ ref('stg_touches') }}
    {% endif %}

),

campaigns as (

    select * from {{ ref('stg_campaigns') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

joined as (

    select
        touches.*,
        {{ golden_customer('touches.customer_id') }} as golden_customer_id,
        campaigns.campaign_name
    from touches
    {{ join_golden_customer('touches.customer_id') }}
    left join campaigns on touches.campaign_id = campaigns.campaign_id

)

select
    joined.touch_id,
    joined.golden_customer_id as customer_id,
    joined.plan_id,
    joined.campaign_id,
    joined.campaign_name,
    joined.channel,
    joined.variant,
    joined.touched_at,
    cast(joined.touched_at as date) as touched_on,
    joined.delivered_at,
    joined.opened_at,
    joined.clicked_at,
    joined.responded_at,
    joined.feedback,
    run_parameters.as_of_date
from joined
cross join run_parameters
