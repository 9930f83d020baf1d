{% set rounding = 9 %}

with arms as (

    select * from {{ ref('int_campaign_arms') }}

),

campaigns as (

    select * from {{ ref('stg_campaigns') }}

),

recording as (

    select * from {{ ref('int_touch_recording') }}

),

run_parameters as (

    select * from {{ source('raw', 'run_parameters') }}

),

shares as (

    select
        *,
        1 - cast(campaign_significance as double) / 2 as upper_chance,
        cast(campaign_power as double) as power_chance,
        cast(campaign_detectable_lift as double) as detectable_lift
    from {{ ref('int_profile') }}

),

profile as (

    select
        *,
        {{ normal_quantile('upper_chance') }} as z,
        {{ normal_quantile('power_chance') }} as z_power
    from shares

),

-- What the others are held against: the customers left out; without any, the first variant by name. Touches without a
-- variant beside some that have one were not drawn by lot with them.
ordered as (

    select
        *,
        count(*) over (partition by campaign_id) as arms,
        max(case when is_holdout then 1 else 0 end) over (partition by campaign_id) = 1 as has_holdout,
        sum(case when not is_holdout then 1 else 0 end) over (partition by campaign_id) as treated_arms,
        sum(case when not is_holdout then customers else 0 end) over (
            partition by campaign_id order by variant rows between unbounded preceding and current row
        ) as treated_so_far,
        sum(case when not is_holdout then customers else 0 end) over (partition by campaign_id) as treated_customers,
        row_number() over (
            partition by campaign_id
            order by
                case when is_holdout then 0 when variant = 'none' then 2 else 1 end,
                variant
        ) as place
    from arms

),

drawn as (

    select
        *,
        has_holdout or (variant != 'none' and arms > 1) as is_drawn
    from ordered

),

compared as (

    select
        drawn.*,
        control.variant as comparison_variant,
        control.measured_customers as control_measured,
        control.converted as control_converted,
        control.revenue as control_revenue,
        control.revenue_squared as control_squared,
        drawn.place = 1 as is_comparison,
        sum(case when drawn.is_drawn then 1 else 0 end) over (partition by drawn.campaign_id) as drawn_arms,
        sum(case when drawn.is_drawn then drawn.customers else 0 end) over (partition by drawn.campaign_id)
            as drawn_customers
    from drawn
    inner join drawn as control on drawn.campaign_id = control.campaign_id and control.place = 1

),

described as (

    select
        compared.*,
        campaigns.campaign_name,
        campaigns.goal,
        campaigns.starts_on,
        campaigns.ends_on,
        campaigns.campaign_cost,
        profile.campaign_conversion_days as window_days,
        profile.campaign_significance,
        profile.z,
        profile.z_power,
        profile.detectable_lift,
        profile.sample_ratio_significance,
        profile.sample_ratio_min_expected,
        recording.is_delivery_recorded,
        recording.is_opening_recorded,
        recording.is_click_recorded,
        recording.is_response_recorded,
        case
            when compared.drawn_arms < 2 or not compared.is_drawn then null
            when not compared.has_holdout then cast(1 as double) / compared.drawn_arms
            when campaigns.holdout_share > 0 and campaigns.holdout_share < 1
                then
                    case
                        when compared.is_holdout then cast(campaigns.holdout_share as double)
                        else (1 - cast(campaigns.holdout_share as double)) / compared.treated_arms
                    end
        end as expected_share,
        case
            when compared.drawn_arms < 2 or not compared.is_drawn then 'no_comparison'
            when compared.is_comparison then 'is_comparison'
            when compared.measured_customers = 0 or compared.control_measured = 0 then 'windows_open'
        end as missing_reason
    from compared
    cross join profile
    cross join recording
    left join campaigns on compared.campaign_id = campaigns.campaign_id

),

-- Counts as doubles: whole numbers, so that no sum depends on its order.
measured as (

    select
        *,
        cast(measured_customers as double) as n,
        cast(converted as double) as c,
        cast(control_measured as double) as n0,
        cast(control_converted as double) as c0,
        expected_share * drawn_customers as expected_customers,
        cast(revenue as double) / nullif(measured_customers, 0) as mean_revenue,
        cast(control_revenue as double) / nullif(control_measured, 0) as control_mean_revenue,
        case
            when measured_customers > 1
                then greatest(
                    0,
                    (
                        cast(revenue_squared as double)
                        - cast(revenue as double) * cast(revenue as double) / measured_customers
                    )
                    / (measured_customers - 1)
                ) / measured_customers
        end as revenue_error,
        case
            when control_measured > 1
                then greatest(
                    0,
                    (
                        cast(control_squared as double)
                        - cast(control_revenue as double) * cast(control_revenue as double) / control_measured
                    )
                    / (control_measured - 1)
                ) / control_measured
        end as control_revenue_error
    from described

),

tested as (

    select
        *,
        case when n > 0 then c / n end as converted_share,
        case when missing_reason is null then c / n - c0 / n0 end as rate_difference,
        case when missing_reason is null then {{ wilson('c', 'n', 'z', -1) }} end as share_low,
        case when missing_reason is null then {{ wilson('c', 'n', 'z', 1) }} end as share_high,
        case when missing_reason is null then {{ wilson('c0', 'n0', 'z', -1) }} end as control_low,
        case when missing_reason is null then {{ wilson('c0', 'n0', 'z', 1) }} end as control_high,
        -- Both all or nothing: the shares are equal, and nothing speaks against it.
        case
            when missing_reason is not null then null
            when c + c0 = 0 or c + c0 = n + n0 then cast(0 as double)
            else
                abs(c / n - c0 / n0)
                / sqrt((c + c0) / (n + n0) * (1 - (c + c0) / (n + n0)) * (1 / n + 1 / n0))
        end as z_distance,
        case when missing_reason is null then mean_revenue - control_mean_revenue end as revenue_difference,
        revenue_error + control_revenue_error as squared_error,
        case
            when revenue_error + control_revenue_error > 0
                then
                    (revenue_error + control_revenue_error) * (revenue_error + control_revenue_error)
                    / (
                        revenue_error * revenue_error / (n - 1)
                        + control_revenue_error * control_revenue_error / (n0 - 1)
                    )
        end as freedom,
        sum((customers - expected_customers) * (customers - expected_customers) / expected_customers) over (
            partition by campaign_id
        ) as chi_square,
        min(expected_customers) over (partition by campaign_id) as fewest_expected,
        -- Where the comparison converts nearly always, a lift of that size can only be a loss.
        case when n0 > 0 then c0 / n0 end as base,
        case
            when n0 > 0
                then c0 / n0 + case when c0 / n0 + detectable_lift <= 1 then detectable_lift else -detectable_lift end
        end as other_rate,
        drawn_arms - 1 as arms_freedom,
        case
            when drawn_arms < 2 or not is_drawn then 'no_comparison'
            when expected_share is null then 'no_planned_share'
            when drawn_arms - 1 > {{ most_freedom() }} then 'too_many_variants'
            when min(expected_customers) over (partition by campaign_id) < sample_ratio_min_expected
                then 'too_few_customers'
        end as sample_ratio_missing_reason
    from measured

),

judged as (

    select
        *,
        {{ rounded('rate_difference', rounding) }} as lift,
        {{ rounded(
            'rate_difference - sqrt(pow(converted_share - share_low, 2) + pow(control_high - base, 2))',
            rounding
        ) }} as lift_ci_low,
        {{ rounded(
            'rate_difference + sqrt(pow(share_high - converted_share, 2) + pow(base - control_low, 2))',
            rounding
        ) }} as lift_ci_high,
        {{ rounded('2 * ' ~ normal_above('z_distance'), rounding) }} as p_value,
        case
            when sample_ratio_missing_reason is null
                then {{ rounded(chi_square_above('chi_square', 'arms_freedom'), rounding) }}
        end as sample_ratio_p_value,
        case
            when missing_reason is null and freedom >= 3
                then {{ student_quantile('z', 'freedom') }} * sqrt(squared_error)
        end as revenue_width,
        cast(case
            when missing_reason is null
                then
                    ceil(
                        pow(
                            z * sqrt((base + other_rate) * (1 - (base + other_rate) / 2))
                            + z_power * sqrt(base * (1 - base) + other_rate * (1 - other_rate)),
                            2
                        )
                        / (detectable_lift * detectable_lift)
                    )
        end as integer) as minimum_sample,
        -- Cut at running totals, so that the parts add up to the cost.
        {{ to_decimal('cast(campaign_cost as double) * treated_so_far / nullif(treated_customers, 0)') }} as cost_until,
        {{ to_decimal(
            'cast(campaign_cost as double) * (treated_so_far - case when is_holdout then 0 else customers end)'
            ' / nullif(treated_customers, 0)'
        ) }} as cost_before
    from tested

),

valued as (

    select
        *,
        p_value < cast(campaign_significance as double) as is_significant,
        -- Of two unequal groups, as good as so many customers in each.
        case when missing_reason is null then 2 / (1 / n + 1 / n0) >= minimum_sample end as has_minimum_sample,
        sample_ratio_p_value < cast(sample_ratio_significance as double) as is_sample_ratio_off,
        case
            when treated_customers > 0 or campaign_cost is null then cast(cost_until - cost_before as decimal(18, 2))
            else cast(0 as decimal(18, 2))
        end as cost_amount
    from judged

)

select
    valued.campaign_id,
    valued.variant,
    valued.campaign_name,
    valued.goal,
    valued.starts_on,
    valued.ends_on,
    valued.is_holdout,
    case
        when valued.missing_reason = 'no_comparison' or valued.is_comparison then null
        when valued.has_holdout then 'holdout'
        else 'first_variant'
    end as comparison,
    case
        when not coalesce(valued.missing_reason = 'no_comparison', false) and not valued.is_comparison
            then valued.comparison_variant
    end as comparison_variant,
    cast(valued.customers as integer) as customers,
    cast(valued.crossed_customers as integer) as crossed_customers,
    cast(valued.overlapped_customers as integer) as overlapped_customers,
    cast(case when valued.is_delivery_recorded then valued.delivered end as integer) as delivered,
    cast(case when valued.is_opening_recorded then valued.opened end as integer) as opened,
    cast(case when valued.is_click_recorded then valued.clicked end as integer) as clicked,
    cast(case when valued.is_response_recorded then valued.responded end as integer) as responded,
    case
        when valued.is_response_recorded and not valued.is_holdout
            then cast(valued.responded as double) / valued.customers
    end as response_rate,
    valued.window_days,
    valued.last_window_ends_on,
    cast(valued.measured_customers as integer) as measured_customers,
    cast(valued.converted as integer) as converted,
    valued.converted_share as conversion_rate,
    cast(valued.orders as integer) as orders,
    valued.revenue,
    valued.cost_amount,
    cast(valued.attributed_orders as integer) as attributed_orders,
    valued.attributed_revenue,
    valued.lift,
    valued.lift_ci_low,
    valued.lift_ci_high,
    valued.p_value,
    valued.is_significant,
    {{ rounded('valued.rate_difference * valued.n', 4) }} as incremental_conversions,
    {{ to_decimal('valued.revenue_difference * valued.n') }} as incremental_revenue,
    {{ to_decimal('(valued.revenue_difference - valued.revenue_width) * valued.n') }} as incremental_revenue_ci_low,
    {{ to_decimal('(valued.revenue_difference + valued.revenue_width) * valued.n') }} as incremental_revenue_ci_high,
    valued.minimum_sample,
    valued.has_minimum_sample,
    {{ rounded('valued.expected_share', rounding) }} as expected_share,
    case
        when valued.is_drawn and valued.drawn_arms > 1 then cast(valued.customers as double) / valued.drawn_customers
    end as actual_share,
    valued.sample_ratio_p_value,
    valued.is_sample_ratio_off,
    valued.sample_ratio_missing_reason,
    valued.missing_reason,
    valued.measured_customers = valued.customers as is_mature,
    'P5' as rule_id,
    case
        when valued.missing_reason is null
            then
                'P5 lift ' || {{ as_text('valued.lift', 4) }} || ' (' || {{ as_text('valued.lift_ci_low', 4) }}
                || ' to ' || {{ as_text('valued.lift_ci_high', 4) }} || ') over ' || valued.comparison_variant
                || '; p ' || {{ as_text('valued.p_value', 4) }}
                || case when valued.is_significant then ' < ' else ' >= ' end
                || {{ as_text('valued.campaign_significance', 4) }}
                || '; as good as ' || {{ as_text('floor(2 / (1 / valued.n + 1 / valued.n0))', 0) }}
                || ' customers each, minimum ' || {{ as_text('valued.minimum_sample', 0) }}
                || case
                    when valued.is_sample_ratio_off
                        then
                            '; sample ratio off, p ' || {{ as_text('valued.sample_ratio_p_value', 4) }} || ' < '
                            || {{ as_text('valued.sample_ratio_significance', 4) }}
                    else ''
                end
        else 'P5 no lift: ' || valued.missing_reason
    end as reason,
    run_parameters.as_of_date
from valued
cross join run_parameters
