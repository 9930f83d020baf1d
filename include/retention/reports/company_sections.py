"""The company by month and quarter: health of the programme, tiers, retention, churn, targets, resources, plans."""

from retention.reports.parts import Finding, Section

HEALTH_MONTH = """
    present as (
        -- The newest month that is over; the running one where none is.
        select coalesce(max(month) filter (where is_complete), max(month)) as month from marts.program_health
    )
"""
LAST_MONTH = "select max(month_end) from marts.{0} where is_mature"
# What a reader works out from the two figures that are shown is the change that is shown: 82.2 after 81.2 is 1.0.
SCORES = "round(summary.score, 1) as score"
SCORE_CHANGE = "round(round(summary.score, 1) - round(summary.score - summary.score_change, 1), 1) as score_change"
HEALTH = Section(
    "health",
    f"""
    select summary.month,
        not coalesce((
            select bool_and(health.is_complete) from marts.program_health as health
            where health.month = summary.month
        ), true) as is_running,
        {SCORES}, summary.grade, {SCORE_CHANGE}, summary.weakest_dimension, summary.advice,
        summary.missing_dimensions, summary.change_missing_reason as _missing_reason
    from marts.program_health_summary as summary order by summary.month desc
    """,
    shown=13,
)
HEALTH_DIMENSIONS = Section(
    "health_dimensions",
    f"""
    with {HEALTH_MONTH}
    select health.dimension as health_dimension, health.weight, health.effective_weight, health.score,
        (
            select list(cast(past.score as double) order by past.month) from marts.program_health as past
            where past.dimension = health.dimension and past.month <= health.month
        ) as history,
        health.measures, health.missing_measures, health.month as _month
    from marts.program_health as health inner join present on health.month = present.month
    order by health.score nulls last, health.dimension
    """,
)
TIERS = Section(
    "tiers",
    """
    select tier, customers, customer_share, revenue_12m, revenue_share, avg_order_value, avg_recency_days,
        avg_frequency_12m, avg_monetary_12m, scheme as _scheme
    from marts.tier_distribution where scheme = primary_scheme() order by tier_rank, tier
    """,
    bars=("customer_share", "revenue_share"),
)


# Whom no tier holds, for want of a purchase, gets one and loses it: neither is a step up or down.
MOVES = """
    select *, from_tier not in ('entered', 'unscored') as was_tiered,
        case
            when from_tier in ('entered', 'unscored') and to_tier != 'unscored' then 'entered'
            when from_tier not in ('entered', 'unscored') and to_tier = 'unscored' then 'left'
            when to_tier_rank < from_tier_rank then 'up' when to_tier_rank > from_tier_rank then 'down'
        end as direction_of_move
    from marts.tier_migration
    where scheme = primary_scheme() and span_months = {months} and to_month_end = (
        select max(to_month_end) from marts.tier_migration
        where scheme = primary_scheme() and span_months = {months}
    )
"""


def tier_moves(months: int) -> Section:
    """Who moved between two month-ends of the primary scheme, so many months apart."""
    return Section(
        f"tier_moves_{months}m",
        f"""
        select from_tier, to_tier, direction_of_move, customers,
            customers / sum(customers) over (partition by from_tier)::double as share_of_tier_share,
            from_month_end as _from, to_month_end as _until, scheme as _scheme
        from ({MOVES.format(months=months)}) as moves
        qualify from_tier != to_tier
        order by customers desc, from_tier_rank, to_tier_rank
        """,
        shown=20,
        bars=("share_of_tier_share",),
    )


RETENTION = Section(
    "retention",
    """
    select period_type, tier, customers_at_start, retained_customers, retention_rate, target_rate, gap_points,
        repurchase_rate, scheme as _scheme, period_start, period_end
    from marts.retention_by_tier
    where scheme = primary_scheme() and (period_type, period_end) in (
        select period_type, max(period_end) from marts.retention_by_tier
        where period_end <= as_of() group by period_type
    )
    order by period_type desc, tier_rank, tier
    """,
    bars=("retention_rate",),
)
CHURN = Section(
    "churn",
    f"""
    select dimension, dimension_value, customers_at_start, churned_customers, reactivated_customers, churn_rate,
        gross_revenue_retention, net_revenue_retention, month_end as _month_end
    from marts.churn_metrics
    where month_end = coalesce(({LAST_MONTH.format("churn_metrics")}), as_of())
        and dimension in ('all', 'tier', 'region', 'channel')
    order by dimension != 'all', dimension, churned_customers desc, dimension_value
    """,
    bars=("churn_rate",),
)
CHURN_MONTHS = Section(
    "churn_months",
    """
    select month_end, customers_at_start, churned_customers, reactivated_customers, new_customers, churn_rate,
        net_revenue_retention, is_mature
    from marts.churn_metrics where dimension = 'all' order by month_end desc
    """,
    shown=13,
    bars=("churn_rate",),
)
MOVEMENTS = Section(
    "movements",
    """
    select movement, customers, revenue, revenue / nullif(start_revenue, 0)::double as revenue_change_rate,
        month_end as _month_end, start_revenue as _start_revenue, end_revenue as _end_revenue
    from marts.revenue_movements
    where month_end = (select max(month_end) from marts.revenue_movements)
    order by revenue desc, movement
    """,
)
TARGET_COLUMNS = """
    scheme, tier, metric, target, actual, gap, status, owner, denominator as base_count, period_start, period_end,
    direction as _direction, unit as _unit, missing_reason as _missing_reason
"""
STATUS_ORDER = """
    case status when 'alarm' then 1 when 'warning' then 2 when 'behind' then 3 when 'met' then 4 else 5 end
"""
NEWEST = """
    -- Of each target the newest period that is over; where none is, the newest there is.
    from marts.target_tracking
    qualify 1 = row_number() over (
        partition by scheme, tier, metric, period_type order by is_latest desc, period_end desc nulls last
    )
"""
TARGET_GAPS = Section(
    "target_gaps",
    f"""
    select {TARGET_COLUMNS} from marts.target_tracking
    where is_latest and status in ('alarm', 'warning', 'behind')
    order by {STATUS_ORDER}, abs(gap) desc, metric, scheme, tier
    """,
)
TARGETS = Section(
    "targets",
    f"""
    select {TARGET_COLUMNS} from ({NEWEST}) as targets
    order by {STATUS_ORDER}, abs(gap) desc nulls last, metric, scheme, tier
    """,
)


def plans(plan_type: str) -> Section:
    """A plan, filled with what was reached."""
    return Section(
        f"plans_{plan_type}",
        f"""
        select objective, metric, baseline, target, actual, way_share, elapsed_share, status as plan_status, owner,
            ends_on, resources, milestones, scheme as _scheme, direction as _direction, unit as _unit
        from marts.plan_progress where plan_type = '{plan_type}' order by ends_on, objective_id
        """,
        bars=("way_share",),
    )


RESOURCES = Section(
    "resources",
    """
    select quarter_start, scheme, tier, customers, budget, cost_per_customer, budget_share, value_share,
        share_gap_points, is_departing, targets_met, targets, owner
    from marts.resource_plan order by quarter_start, scheme, tier_rank, tier
    """,
    bars=("budget_share", "value_share"),
)
RESOURCE_PROPOSALS = Section(
    "resource_proposals",
    """
    select quarter_start, scheme, tier, budget, budget_share, value_share,
        (value_share * sum(budget) over (partition by scheme, quarter_start))::decimal(18, 2) as budget_by_value,
        (value_share * sum(budget) over (partition by scheme, quarter_start))::decimal(18, 2) - budget
            as budget_change, owner
    from marts.resource_plan
    qualify is_departing and quarter_start = max(quarter_start) over ()
    order by abs(share_gap_points) desc, scheme, tier_rank
    """,
)
REVIEWS = Section(
    "tier_reviews",
    """
    select review_id, scheme, tier_before as from_tier, tier_after as to_tier, status as review_status,
        count(*)::int as customers, sum(value_at_stake) as value_at_stake
    from marts.tier_review_list group by all order by review_id desc, customers desc, from_tier, to_tier
    """,
    shown=20,
)
WORTH = Section(
    "worth",
    """
    select month_end, customers, revenue, avg_order_value, revenue_per_customer_12m, lifetime_revenue_per_customer,
        lifetime_revenue_growth_rate, cross_sell_share, top_customers_revenue_share, is_mature
    from marts.customer_base_metrics order by month_end desc
    """,
    shown=12,
)
VALUE_BY_TIER = Section(
    "value_by_tier",
    """
    select tiers.tier, count(*)::int as customers, avg(value.revenue_lifetime)::decimal(18, 2) as avg_lifetime_revenue,
        count(value.clv_12m)::int as valued_customers, avg(value.clv_12m)::decimal(18, 2) as avg_clv_12m,
        avg(value.p_alive)::double as p_alive_share, tiers.scheme as _scheme,
        min(value.missing_reason) filter (where value.missing_reason != 'never_bought') as _missing_reason
    from marts.customer_tiers as tiers
    inner join marts.customer_value as value on tiers.customer_id = value.customer_id
    where tiers.is_primary_scheme
    group by tiers.scheme, tiers.tier, tiers.tier_rank order by tiers.tier_rank, tiers.tier
    """,
)
COMMUNITY = Section(
    "community",
    """
    select cast(date_trunc('month', touched_on) as date) as month, count(*)::int as touches,
        count(distinct customer_id)::int as customers, count(responded_at)::int as responded,
        count(responded_at) / count(*)::double as response_rate,
        count(*) filter (where feedback = 'positive')::int as positive,
        count(*) filter (where feedback = 'negative')::int as negative
    from marts.fct_touches
    where channel = 'community' and touched_on > as_of() - interval 6 month
    group by all order by month desc
    """,
    bars=("response_rate",),
)
SATISFACTION = Section(
    "satisfaction",
    """
    select period_start as month, survey_type, responses, score as answer_score, ci_low, ci_high, benchmark, is_mature,
        missing_reason as _missing_reason
    from marts.satisfaction_metrics
    where period_type = 'month' and dimension = 'all' and period_start > as_of() - interval 6 month
    order by survey_type, period_start desc
    """,
)

HEALTH_NOW = Finding(
    "health_now",
    f"""
    select summary.month, {SCORES}, summary.grade, summary.weakest_dimension, summary.advice,
        {SCORE_CHANGE}, case when summary.score is null then 'unscored'
            when summary.score_change is null then 'first' else 'changed' end as _case,
        case summary.grade when 'excellent' then 'good' when 'good' then 'warn' else 'bad' end as _mood
    from marts.program_health_summary as summary
    where summary.month = (
        select coalesce(max(month) filter (where is_complete), max(month)) from marts.program_health
    )
    """,
)
WORST_TARGETS = Finding(
    "worst_targets",
    f"""
    select {TARGET_COLUMNS},
        case when scheme = 'all' then 'company' else 'tier' end as _case,
        case status when 'alarm' then 'bad' else 'warn' end as _mood
    from marts.target_tracking
    where is_latest and status in ('alarm', 'warning', 'behind')
    order by {STATUS_ORDER}, abs(gap) desc, metric, scheme, tier
    """,
    most=2,
)
TARGETS_MET = Finding(
    "targets_met",
    f"""
    select count(*) filter (where status = 'met')::int as met,
        count(*) filter (where status in ('met', 'behind', 'warning', 'alarm'))::int as judged,
        count(*) filter (where status not in ('met', 'behind', 'warning', 'alarm'))::int as unjudged,
        case when count(*) filter (where status in ('behind', 'warning', 'alarm')) = 0 then 'good' else 'warn' end
            as _mood
    from ({NEWEST}) as targets
    """,
)
MOOD = """
    coalesce((
        select case status when 'alarm' then 'bad' when 'met' then 'good' else 'warn' end from marts.target_tracking
        where metric = '{0}' and scheme = 'all' and is_latest limit 1
    ), 'warn')
"""
CHURN_NOW = Finding(
    "churn_now",
    f"""
    select month_end, customers_at_start, churned_customers, churn_rate, reactivated_customers,
        {MOOD.format("churn_rate")} as _mood
    from marts.churn_metrics
    where dimension = 'all' and customers_at_start > 0 and month_end = ({LAST_MONTH.format("churn_metrics")})
    """,
)
REVENUE_NOW = Finding(
    "revenue_now",
    """
    select month_end, start_revenue, end_revenue, end_revenue - start_revenue as revenue_change,
        (end_revenue - start_revenue) / nullif(start_revenue, 0)::double as revenue_change_rate,
        case when end_revenue < start_revenue then 'warn' else 'good' end as _mood
    from marts.revenue_movements where month_end = (select max(month_end) from marts.revenue_movements) limit 1
    """,
)


def moved(months: int) -> Finding:
    """How many went up and down in so many months."""
    return Finding(
        "moved",
        f"""
        with moves as ({MOVES.format(months=months)}),
        counted as (
            select from_month_end, to_month_end,
                coalesce(sum(customers) filter (where was_tiered), 0)::int as customers,
                coalesce(sum(customers) filter (where direction_of_move = 'up'), 0)::int as up,
                coalesce(sum(customers) filter (where direction_of_move = 'down'), 0)::int as down,
                coalesce(sum(customers) filter (where direction_of_move = 'entered'), 0)::int as entered
            from moves
            group by from_month_end, to_month_end
        )
        select *, case when down > up then 'warn' else 'good' end as _mood from counted
        """,
    )


DEPARTING = Finding(
    "departing",
    """
    select scheme, tier, budget_share, value_share, share_gap_points, quarter_start, 'warn' as _mood
    from marts.resource_plan where is_departing
    order by quarter_start desc, abs(share_gap_points) desc, scheme, tier_rank
    """,
)


def on_the_way(plan_type: str) -> Finding:
    """How many objectives of a plan are on their way."""
    return Finding(
        "on_the_way",
        f"""
        select count(*)::int as objectives,
            count(*) filter (where status in ('on_track', 'reached'))::int as on_the_way,
            count(*) filter (where status in ('behind', 'missed'))::int as behind,
            count(*) filter (where status = 'not_started')::int as not_begun,
            count(*) filter (where status = 'plan_over')::int as over_unmeasured,
            count(*) filter (where status in ('no_data', 'too_few', 'no_baseline'))::int as unjudged,
            '{plan_type}' as plan_type,
            case when count(*) filter (where status in ('on_track', 'reached')) < count(*) then 'warn' else 'good' end
                as _mood
        from marts.plan_progress where plan_type = '{plan_type}' having count(*) > 0
        """,
    )


WORTH_NOW = Finding(
    "worth_now",
    f"""
    select month_end, customers_12m, revenue_per_customer_12m, lifetime_revenue_growth_rate,
        case when lifetime_revenue_growth_rate is null then 'unknown' else 'known' end as _case,
        {MOOD.format("ltv_growth_rate")} as _mood
    from marts.customer_base_metrics
    where is_mature and customers_12m > 0 order by month_end desc limit 1
    """,
)
ANSWERS_NOW = Finding(
    "answers_now",
    """
    select period_start as month, responses, score as answer_score, benchmark, 'NPS' as survey,
        case when score < benchmark then 'warn' else 'good' end as _mood
    from marts.satisfaction_metrics
    where period_type = 'month' and dimension = 'all' and survey_type = 'nps' and is_mature and score is not null
    order by period_start desc limit 1
    """,
)
