{% set dimensions = board_dimensions() %}
{% set measures = [
    'numerator_before', 'denominator_before', 'squared_before', 'numerator_now', 'denominator_now', 'squared_now',
] %}
{% set unfolded = [] %}
{% for dimension in dimensions %}
{% do unfolded.append({'dimension': sql_text(dimension), 'dimension_value': dimension}) %}
{% endfor %}
{% set variances = [] %}
{% for window in ['before', 'now'] %}
{% do variances.append(departure_variance('_' ~ window)) %}
{% endfor %}

with bounds as (

    select * from {{ ref('int_board_bounds') }}

),

profile as (

    select * from {{ ref('int_profile') }}

),

metrics as (

    select * from {{ ref('int_board_metrics') }}

),

history as (

    select * from {{ ref('kpi_history') }}

),

-- What has a value on both days.
compared as (

    select
        metrics.*,
        latest.{{ quoted('value') }} - former.{{ quoted('value') }} as exact_change,
        metrics.data_source in ('answers', 'nps', 'csat') as is_of_answers
    from metrics
    cross join bounds
    inner join history as latest on metrics.metric = latest.metric and bounds.as_of_date = latest.metric_date
    inner join history as former on metrics.metric = former.metric and bounds.compared_on = former.metric_date
    where latest.{{ quoted('value') }} is not null and former.{{ quoted('value') }} is not null

),

counted as (

    select
        {% for dimension in dimensions %}
        changes.{{ dimension }},
        {% endfor %}
        {% for measure in ['numerator', 'denominator', 'squared'] %}
        sum(case when changes.changed_on <= bounds.compared_on then changes.{{ measure }} else 0 end)
            as {{ measure }}_before,
        sum(changes.{{ measure }}) as {{ measure }}_now,
        {% endfor %}
        changes.metric
    from {{ ref('int_board_changes') }} as changes
    cross join bounds
    group by {{ dimensions | join(', ') }}, changes.metric

),

by_dimension as (

    {{ stacked('counted', ['metric'] + measures, unfolded) }}

),

by_value as (

    select
        {% for measure in measures %}
        sum(by_dimension.{{ measure }}) as {{ measure }},
        {% endfor %}
        by_dimension.metric,
        by_dimension.dimension,
        by_dimension.dimension_value,
        compared.is_of_answers
    from by_dimension
    inner join compared on by_dimension.metric = compared.metric
    where by_dimension.dimension_value is not null
    group by by_dimension.metric, by_dimension.dimension, by_dimension.dimension_value, compared.is_of_answers

),

-- Groups of few answers are shown together, with the next smallest where even these are few.
sized as (

    select
        by_value.*,
        least(by_value.denominator_before, by_value.denominator_now) as answers,
        sum(least(by_value.denominator_before, by_value.denominator_now)) over (
            partition by by_value.metric, by_value.dimension
            order by least(by_value.denominator_before, by_value.denominator_now), by_value.dimension_value
            rows between unbounded preceding and current row
        ) as answers_up_to,
        min(least(by_value.denominator_before, by_value.denominator_now)) over (
            partition by by_value.metric, by_value.dimension
        ) as fewest_answers,
        profile.satisfaction_min_responses
    from by_value
    cross join profile

),

pooled as (

    select
        {% for measure in measures %}
        {{ measure }},
        {% endfor %}
        metric,
        dimension,
        case
            when
                is_of_answers
                and fewest_answers < satisfaction_min_responses
                and (
                    answers < satisfaction_min_responses
                    or answers_up_to - answers < satisfaction_min_responses
                )
                then 'other'
            else dimension_value
        end as dimension_value
    from sized
    where denominator_before != 0 or denominator_now != 0 or numerator_before != 0 or numerator_now != 0

),

summed as (

    select
        {% for measure in measures %}
        cast(sum({{ measure }}) as double) as {{ measure }},
        cast(sum(sum({{ measure }})) over (partition by metric, dimension) as double) as all_{{ measure }},
        {% endfor %}
        metric,
        dimension,
        dimension_value
    from pooled
    group by metric, dimension, dimension_value

),

-- In the unit of the trend: points for shares.
scaled as (

    select
        summed.*,
        compared.unit,
        compared.rule_id,
        compared.statistic = 'sum' as is_sum,
        case when compared.unit in ('rate', 'points') then 100 else 1 end as factor,
        case when compared.unit = 'points' then 100 else 1 end as value_scale,
        case when compared.unit = 'rate' then 100 else 1 end * compared.exact_change as value_change,
        -- Of two windows that share most of their days only the rest can differ by chance.
        least(cast({{ board_trend_days() }} as double) / coalesce(compared.window_days, 1), 1) as unshared
    from summed
    inner join compared on summed.metric = compared.metric

),

-- A sum is parted by its own shares, a mean by the shares of what it is a mean of.
weighed as (

    select
        {% for window in ['before', 'now'] %}
        case
            when scaled.is_sum then scaled.numerator_{{ window }} / nullif(scaled.all_numerator_{{ window }}, 0)
            else scaled.denominator_{{ window }} / nullif(scaled.all_denominator_{{ window }}, 0)
        end as weight_{{ window }},
        nullif(
            case
                when scaled.is_sum then scaled.all_numerator_{{ window }}
                else scaled.all_denominator_{{ window }}
            end,
            0
        ) as whole_{{ window }},
        case
            when scaled.is_sum then 0
            else scaled.all_numerator_{{ window }} / nullif(scaled.all_denominator_{{ window }}, 0)
        end as mean_{{ window }},
        {% endfor %}
        scaled.*
    from scaled

),

-- What the value has beyond its share, and the squares that say by how much this can be chance.
compared_with_all as (

    select
        {% for window in ['before', 'now'] %}
        case
            when weighed.is_sum then weighed.weight_{{ window }}
            else
                (weighed.numerator_{{ window }} - weighed.denominator_{{ window }} * weighed.mean_{{ window }})
                / weighed.whole_{{ window }}
        end as surplus_{{ window }},
        greatest(
            weighed.squared_{{ window }} - 2 * weighed.mean_{{ window }} * weighed.numerator_{{ window }}
            + weighed.mean_{{ window }} * weighed.mean_{{ window }} * weighed.denominator_{{ window }},
            0
        ) as spread_{{ window }},
        greatest(
            weighed.all_squared_{{ window }} - 2 * weighed.mean_{{ window }} * weighed.all_numerator_{{ window }}
            + weighed.mean_{{ window }} * weighed.mean_{{ window }} * weighed.all_denominator_{{ window }},
            0
        ) as all_spread_{{ window }},
        {% endfor %}
        weighed.*
    from weighed

),

contributed as (

    select
        *,
        surplus_now - surplus_before as departure,
        {{ variances | join(' + ') }} as departure_variance,
        case
            when is_sum then numerator_now - numerator_before
            else factor * (
                (numerator_now - denominator_now * mean_before) / whole_now
                - (numerator_before - denominator_before * mean_before) / whole_before
            )
        end as contribution
    from compared_with_all

),

scored as (

    select
        contributed.*,
        case
            when contributed.value_change != 0
                then {{ rounded('contributed.contribution / contributed.value_change', 6) }}
        end as share_of_change,
        {{ rounded('contributed.departure / nullif(sqrt(contributed.departure_variance), 0)', 4) }} as departure_score,
        profile.board_reason_share,
        profile.board_reason_departure
    from contributed
    cross join profile

)

select
    scored.metric,
    scored.dimension,
    scored.dimension_value,
    scored.unit,
    {% for window in ['before', 'now'] %}
    case
        when scored.is_sum then scored.numerator_{{ window }}
        else scored.value_scale * scored.numerator_{{ window }} / nullif(scored.denominator_{{ window }}, 0)
    end as value_{{ window }},
    {% endfor %}
    scored.weight_before,
    scored.weight_now,
    {{ plain_zero(rounded('scored.contribution', 6)) }} as contribution,
    {{ plain_zero('scored.share_of_change') }} as share_of_change,
    {{ plain_zero('scored.departure_score') }} as departure_score,
    cast(
        row_number() over (
            partition by scored.metric, scored.dimension
            order by
                {{ rounded('scored.contribution * case when scored.value_change < 0 then -1 else 1 end', 6) }} desc,
                scored.dimension_value asc
        ) as integer
    ) as contribution_rank,
    coalesce(
        scored.share_of_change >= scored.board_reason_share
        and abs(scored.departure_score) >= scored.board_reason_departure
        and scored.departure_score * scored.value_change > 0,
        false
    ) as is_possible_reason,
    scored.rule_id,
    bounds.as_of_date
from scored
cross join bounds
