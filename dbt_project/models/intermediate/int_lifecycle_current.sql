with current_days as (

    select *
    from {{ ref('int_lifecycle_metrics') }}
    where is_as_of

),

{{ judge_lifecycle('current_days', lifecycle_rule_rows()) }}

select * from stage_judged
