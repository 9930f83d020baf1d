-- The stage alone: reasons are text, and past days are many.
with replayed_days as (

    select * from {{ ref('int_lifecycle_metrics') }}

),

{{ judge_lifecycle('replayed_days', lifecycle_rule_rows()) }}

select
    customer_id,
    replay_on,
    lifecycle_stage
from stage_judged
