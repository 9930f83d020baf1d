{% set mains = ['tier', 'region', 'channel'] %}

with tickets as (

    select
        {{ week_start('received_on') }} as week_start,
        coalesce(category, 'unknown') as category,
        category is not null as is_named,
        customer_id,
        tier,
        region,
        channel,
        as_of_date
    from {{ ref('ticket_sla') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

spends as (

    select
        customer_id,
        monetary_12m
    from {{ ref('customer_rfm') }}

),

counted as (

    select
        week_start,
        category,
        is_named,
        as_of_date,
        cast(count(*) as integer) as tickets
    from tickets
    group by week_start, category, is_named, as_of_date

),

bounds as (

    select
        min(week_start) as first_week,
        max(week_start) as last_week
    from counted
    having count(*) > 0

),

days as (

    {{ day_spine('bounds', 'first_week', 'last_week') }}

),

categories as (

    select distinct category from counted

),

-- Every category in every week, with 0 where nobody wrote.
weeks as (

    select
        days.date_day as week_start,
        categories.category,
        coalesce(counted.tickets, 0) as tickets
    from days
    cross join categories
    left join counted on days.date_day = counted.week_start and categories.category = counted.category
    where {{ iso_weekday('days.date_day') }} = 1

),

-- A usual week is the median of those before: a bad month does not pass for usual, as it would in their mean.
before as (

    select
        counted.week_start,
        counted.category,
        count(*) as weeks_before,
        {{ median('weeks.tickets') }} as usual_tickets,
        sum(
            case when {{ days_between('weeks.week_start', 'counted.week_start') }} <= 28 then weeks.tickets else 0 end
        ) as tickets_4_weeks
    from counted
    cross join profile
    inner join weeks
        on
            counted.category = weeks.category
            and counted.week_start > weeks.week_start
            and weeks.week_start
            >= {{ add_days('counted.week_start', '-7 * greatest(profile.hotspot_baseline_weeks, 4)') }}
    group by counted.week_start, counted.category

),

-- What the customers concerned have spent in the last 12 months, each counted once.
callers as (

    select distinct
        week_start,
        category,
        customer_id
    from tickets
    where customer_id is not null

),

concerned as (

    select
        callers.week_start,
        callers.category,
        count(*) as customers,
        sum(spends.monetary_12m) as revenue_12m
    from callers
    left join spends on callers.customer_id = spends.customer_id
    group by callers.week_start, callers.category

),

all_spend as (

    select sum(monetary_12m) as revenue_12m
    from spends

),

{% for main in mains %}
{{ main }}s as (

    select
        week_start,
        category,
        {{ top_value(main, 'tickets') }} as main_{{ main }}
    from (
        select
            week_start,
            category,
            {{ main }},
            count(*) as tickets
        from tickets
        where {{ main }} is not null
        group by week_start, category, {{ main }}
    ) as counted_by_{{ main }}
    group by week_start, category

),

{% endfor %}
ranked as (

    select
        counted.*,
        sum(counted.tickets) over (partition by counted.week_start) as all_tickets,
        row_number() over (partition by counted.week_start order by counted.tickets desc, counted.category asc)
            as category_rank,
        sum(counted.tickets) over (
            partition by counted.week_start
            order by counted.tickets desc, counted.category asc rows between unbounded preceding and current row
        ) as cumulative_tickets,
        case when before.weeks_before >= 4 then cast(before.tickets_4_weeks as double) / 4 end as mean_4_weeks,
        case when before.weeks_before >= 4 then before.usual_tickets end as usual_tickets
    from counted
    left join before on counted.week_start = before.week_start and counted.category = before.category

),

scored as (

    select
        *,
        (tickets - mean_4_weeks) / nullif(mean_4_weeks, 0) as change_rate,
        {{ rounded('(tickets - usual_tickets) / sqrt(usual_tickets + 1)', 4) }} as hotspot_score
    from ranked

),

judged as (

    select
        scored.*,
        case
            when scored.mean_4_weeks is null then null
            when scored.mean_4_weeks = 0 then 'new'
            when scored.change_rate >= profile.hotspot_trend_share then 'rising'
            when scored.change_rate <= -profile.hotspot_trend_share then 'falling'
            else 'steady'
        end as trend,
        case
            when not scored.is_named then 'no_category'
            when scored.usual_tickets is null then 'history_too_short'
            when scored.tickets < profile.hotspot_min_tickets then 'too_few_tickets'
            when scored.hotspot_score < profile.hotspot_min_score then 'usual'
            else 'hotspot'
        end as verdict,
        profile.hotspot_min_score
    from scored
    cross join profile

),

placed as (

    select
        *,
        row_number() over (
            partition by week_start, verdict order by hotspot_score desc, tickets desc, category asc
        ) as verdict_rank
    from judged

)

select
    placed.week_start,
    placed.category,
    placed.tickets,
    cast(placed.tickets as double) / placed.all_tickets as ticket_share,
    cast(placed.category_rank as integer) as category_rank,
    cast(placed.cumulative_tickets as double) / placed.all_tickets as cumulative_share,
    placed.mean_4_weeks,
    placed.change_rate,
    placed.trend,
    placed.usual_tickets,
    placed.hotspot_score,
    placed.verdict = 'hotspot' as is_hotspot,
    case when placed.verdict = 'hotspot' then cast(placed.verdict_rank as integer) end as hotspot_rank,
    cast(coalesce(concerned.customers, 0) as integer) as customers,
    cast(concerned.revenue_12m as decimal(18, 2)) as revenue_12m,
    cast(concerned.revenue_12m as double) / nullif(cast(all_spend.revenue_12m as double), 0) as revenue_share,
    tiers.main_tier,
    regions.main_region,
    channels.main_channel,
    placed.verdict,
    case
        when placed.usual_tickets is not null
            then
                {{ as_text('placed.tickets', 0) }}
                || case when placed.tickets = 1 then ' ticket' else ' tickets' end || ', a usual week '
                || {{ as_text('placed.usual_tickets', 1) }} || ': score ' || {{ as_text('placed.hotspot_score', 2) }}
                || case when placed.hotspot_score >= placed.hotspot_min_score then ' >= ' else ' < ' end
                || {{ as_text('placed.hotspot_min_score', 2) }}
        else 'history_too_short'
    end as reason,
    'C4' as rule_id,
    {{ add_days('placed.week_start', 6) }} <= placed.as_of_date as is_mature,
    placed.as_of_date
from placed
cross join all_spend
left join concerned on placed.week_start = concerned.week_start and placed.category = concerned.category
left join tiers on placed.week_start = tiers.week_start and placed.category = tiers.category
left join regions on placed.week_start = regions.week_start and placed.category = regions.category
left join channels on placed.week_start = channels.week_start and placed.category = channels.category
