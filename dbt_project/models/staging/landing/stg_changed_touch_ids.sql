{{ config(materialized='table') }}

with changed as (

    {% if is_increment() %}
    select touch_id from {{ source('news', 'touches') }}
    union distinct
    select touches.touch_id
    from {{ source('raw', 'touches') }} as touches
    inner join {{ source('news', 'campaigns') }} as campaigns on touches.campaign_id = campaigns.campaign_id
    {% else %}
    select cast(null as {{ dbt.type_string() }}) as touch_id
    from {{ source('raw', 'run_parameters') }}
    where false
    {% endif %}

)

select * from changed
where touch_id is not null
