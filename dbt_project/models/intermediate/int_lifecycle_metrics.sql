with days as (

    select * from {{ ref('int_lifecycle_days') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

rhythm as (

    select * from {{ ref('int_purchase_rhythm') }}

),

responses as (

    select * from {{ ref('int_responses') }}

),

spend_changes as (

    select * from {{ ref('int_spend_changes') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

epochs as (

    select distinct
        customer_id,
        epoch_from
    from rhythm

),

-- An epoch begins on a day of the replay, so a running maximum finds each day's own; there is none before the first
-- order. Sums and the last response need no epochs: a response stays, and a return is an amount of its own day.
accumulated as (

    select
        days.customer_id,
        days.replay_on,
        max(epochs.epoch_from) over (
            partition by days.customer_id order by days.replay_on
            rows between unbounded preceding and current row
        ) as epoch_from,
        max(responses.response_on) over (
            partition by days.customer_id order by days.replay_on
            rows between unbounded preceding and current row
        ) as last_response_on,
        coalesce(
            sum(spend_changes.current_change) over (
                partition by days.customer_id order by days.replay_on
                rows between unbounded preceding and current row
            ),
            0
        ) as current_spend_amount,
        coalesce(
            sum(spend_changes.previous_change) over (
                partition by days.customer_id order by days.replay_on
                rows between unbounded preceding and current row
            ),
            0
        ) as previous_spend_amount
    from days
    left join epochs
        on days.customer_id = epochs.customer_id and days.replay_on = epochs.epoch_from
    left join responses
        on days.customer_id = responses.customer_id and days.replay_on = responses.response_on
    left join spend_changes
        on days.customer_id = spend_changes.customer_id and days.replay_on = spend_changes.change_on

),

marks as (

    select
        customer_id,
        epoch_from,
        replay_on,
        cast(null as date) as purchase_on,
        true as is_replayed
    from accumulated
    where epoch_from is not null
    union all
    select
        customer_id,
        epoch_from,
        purchase_on as replay_on,
        purchase_on,
        false as is_replayed
    from rhythm
    where purchase_on is not null

),

-- A purchase counts from its own day on, hence the range: it takes in all marks of the day.
walked as (

    select
        *,
        max(purchase_on) over (
            partition by customer_id, epoch_from order by replay_on
            range between unbounded preceding and current row
        ) as last_purchase_on
    from marks

),

last_purchases as (

    select
        walked.customer_id,
        walked.replay_on,
        rhythm.purchase_on as last_purchase_on,
        rhythm.first_purchase_on,
        rhythm.purchase_days,
        rhythm.median_gap_days
    from walked
    inner join rhythm
        on
            walked.customer_id = rhythm.customer_id
            and walked.epoch_from = rhythm.epoch_from
            and walked.last_purchase_on = rhythm.purchase_on
    where walked.is_replayed

),

joined as (

    select
        accumulated.customer_id,
        accumulated.replay_on,
        accumulated.replay_on = customers.as_of_date as is_as_of,
        least(customers.registered_on, customers.first_seen_on) as known_from,
        customers.customer_type,
        customers.strategic_label,
        last_purchases.first_purchase_on,
        last_purchases.last_purchase_on,
        coalesce(last_purchases.purchase_days, 0) as purchase_days_lifetime,
        greatest(last_purchases.last_purchase_on, accumulated.last_response_on) as last_activity_on,
        accumulated.current_spend_amount,
        accumulated.previous_spend_amount,
        case
            when last_purchases.purchase_days >= profile.cadence_min_purchase_days
                then last_purchases.median_gap_days
        end as own_cadence_days,
        case
            when profile.age_from = 'registration' and customers.registered_on <= accumulated.replay_on
                then least(customers.registered_on, last_purchases.first_purchase_on)
            else last_purchases.first_purchase_on
        end as age_starts_on
    from accumulated
    cross join profile
    inner join customers on accumulated.customer_id = customers.customer_id
    left join last_purchases
        on accumulated.customer_id = last_purchases.customer_id and accumulated.replay_on = last_purchases.replay_on

),

measured as (

    select
        *,
        {{ days_between('age_starts_on', 'replay_on') }} as age_days,
        {{ days_between('last_purchase_on', 'replay_on') }} as recency_days,
        {{ days_between('last_activity_on', 'replay_on') }} as days_since_last_activity,
        {{ days_between('last_purchase_on', 'replay_on') }} / own_cadence_days as cadence_ratio,
        -- Rounded where binary fractions end: a fall by half on paper must meet "at least half".
        case
            when previous_spend_amount > 0
                then round(
                    cast(current_spend_amount - previous_spend_amount as double)
                    / cast(previous_spend_amount as double),
                    6
                )
        end as spend_change_rate
    from joined

)

select * from measured
where replay_on >= known_from or is_as_of
