{{ config(materialized='view') }}

with scope as (

    select * from {{ ref('int_lifecycle_history_scope') }}

),

months as (

    select * from {{ ref('int_lifecycle_months') }}

),

rhythm as (

    select * from {{ ref('int_lifecycle_month_rhythm') }}

),

spend as (

    select * from {{ ref('int_lifecycle_month_spend') }}

),

responses as (

    select * from {{ ref('int_responses') }}

),

-- The month-ends of each run of them, so that runs are unfolded by equality: engines do so at once.
runs as (

    select
        begun.month_number as from_month,
        ended.month_number + 1 as until_month,
        seen.month_number
    from months as begun
    inner join months as ended on begun.month_number <= ended.month_number
    inner join months as seen
        on begun.month_number <= seen.month_number and ended.month_number >= seen.month_number

),

last_month as (

    select max(month_number) + 1 as until_month
    from months

),

response_months as (

    select
        responses.customer_id,
        months.month_number as from_month,
        max(responses.response_on) as last_response_on
    from responses
    inner join scope on responses.customer_id = scope.customer_id
    inner join months
        on
            responses.response_on <= months.month_end
            and (months.opens_after is null or responses.response_on > months.opens_after)
    where responses.is_present
    group by responses.customer_id, months.month_number

),

response_spans as (

    select
        response_months.customer_id,
        response_months.last_response_on,
        response_months.from_month,
        coalesce(
            lead(response_months.from_month) over (
                partition by response_months.customer_id order by response_months.from_month
            ),
            last_month.until_month
        ) as until_month
    from response_months
    cross join last_month

),

last_responses as (

    select
        response_spans.customer_id,
        response_spans.last_response_on,
        runs.month_number
    from response_spans
    inner join runs
        on response_spans.from_month = runs.from_month and response_spans.until_month = runs.until_month

),

-- A customer is known from its registration or first order on; with neither, only the as-of day knows it.
known as (

    select
        scope.customer_id,
        scope.registered_on,
        scope.customer_type,
        scope.strategic_label,
        months.month_end as replay_on,
        months.month_number,
        months.is_shown and (months.is_new or scope.is_changed) as is_written,
        rhythm.first_purchase_on,
        rhythm.last_purchase_on,
        rhythm.purchase_days,
        rhythm.median_gap_days
    from rhythm
    inner join runs on rhythm.from_month = runs.from_month and rhythm.until_month = runs.until_month
    inner join months on runs.month_number = months.month_number
    inner join scope on rhythm.customer_id = scope.customer_id
    where
        (months.is_described or scope.is_changed)
        and (scope.known_from <= months.month_end or (scope.known_from is null and months.is_as_of))

),

month_ends as (

    select
        known.*,
        last_responses.last_response_on,
        coalesce(spend.current_spend_amount, 0) as current_spend_amount,
        coalesce(spend.previous_spend_amount, 0) as previous_spend_amount
    from known
    left join spend
        on known.customer_id = spend.customer_id and known.month_number = spend.month_number
    left join last_responses
        on known.customer_id = last_responses.customer_id and known.month_number = last_responses.month_number

),

{{ measure_lifecycle('month_ends', 'measured_month_ends') }},

{{ judge_lifecycle('measured_month_ends', lifecycle_rule_rows(), kept=['replay_on', 'month_number', 'is_written']) }}

select
    customer_id,
    replay_on as month_end,
    month_number,
    is_written,
    age_stage,
    activity_state,
    curve_stage,
    lifecycle_stage
from stage_judged
