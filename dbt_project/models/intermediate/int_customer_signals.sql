with rhythm as (

    select * from {{ ref('int_signal_rhythm') }}

),

purchases as (

    select * from {{ ref('int_signal_purchases') }}

),

service as (

    select * from {{ ref('int_signal_service') }}

),

days as (

    select * from {{ ref('int_signal_days') }}

),

tickets as (

    select
        min(received_on) as first_ticket_on,
        min(case when ticket_type = 'complaint' then received_on end) as first_complaint_on
    from {{ ref('fct_tickets') }}

),

models as (

    select * from {{ ref('int_value_models') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

timed as (

    select
        rhythm.*,
        days.is_as_of,
        days.is_month_end,
        days.is_mature,
        {{ days_between('rhythm.last_purchase_on', 'rhythm.snapshot_on') }} as recency_days,
        {{ days_between('rhythm.first_purchase_on', 'rhythm.snapshot_on') }} as age_days,
        {{ days_between('rhythm.first_purchase_on', 'rhythm.last_purchase_on') }} as span_days
    from rhythm
    inner join days on rhythm.snapshot_on = days.snapshot_on

),

-- A count is 0 for who has none, once anybody has one: before that the company delivers none (decision 43).
signalled as (

    select
        timed.customer_id,
        timed.snapshot_on,
        timed.is_as_of,
        timed.is_month_end,
        timed.is_mature,
        timed.last_purchase_on,
        timed.recency_days < profile.active_window_days as is_active,
        case when timed.is_mature then coalesce(purchases.purchases_after, 0) = 0 end as is_silent_after,
        -- BG/NBD takes whoever bought on one day for alive, so of them it says nothing.
        case
            when models.bg_nbd_fit_id is not null and timed.purchase_days > 1
                then {{ probability_alive('models', '(timed.purchase_days - 1)', 'timed.span_days', 'timed.age_days') }}
        end as p_alive,
        case
            when timed.purchase_days >= profile.cadence_min_purchase_days
                then timed.recency_days / timed.median_gap_days
        end as cadence_ratio,
        timed.recency_days / cast(profile.active_window_days as double) as recency_share,
        {{ rounded(
            'cast(purchases.current_purchases - purchases.previous_purchases as double)'
            ~ ' / nullif(purchases.previous_purchases, 0)',
            6
        ) }} as frequency_change_rate,
        case
            when purchases.previous_spend > 0
                then {{ rounded('(purchases.current_spend - purchases.previous_spend) / purchases.previous_spend', 6) }}
        end as spend_change_rate,
        {{ days_between('service.last_interaction_on', 'timed.snapshot_on') }} as days_since_last_interaction,
        service.satisfaction_score,
        case
            when timed.snapshot_on >= tickets.first_complaint_on
                then cast(coalesce(service.complaints, 0) as integer)
        end as complaints_12m,
        case
            when timed.snapshot_on >= tickets.first_ticket_on
                then cast(coalesce(service.open_tickets, 0) as integer)
        end as open_tickets,
        {{ days_between('timed.snapshot_on', 'service.contract_ends_on') }} as contract_days_left
    from timed
    cross join tickets
    cross join models
    cross join profile
    left join purchases
        on timed.customer_id = purchases.customer_id and timed.snapshot_on = purchases.snapshot_on
    left join service
        on timed.customer_id = service.customer_id and timed.snapshot_on = service.snapshot_on

)

select * from signalled
