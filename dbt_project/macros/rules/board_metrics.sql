{#
  The metrics that the board can show (K1): unit; where a day's value comes from; whether it is a mean of counted things
  ("mean") or a sum; the days of its window where its name says them, else 0, or "standing" where it has none. What each is
  stands in docs/metrics.md; the rows are made in int_board_states and int_board_events. retention.rules reads this list.
#}
{% macro board_metrics() -%}
    {{ return({
        "churn_rate_daily": ["rate", "orders", "mean", 1],
        "churn_rate_30d": ["rate", "orders", "mean", 30],
        "retention_rate": ["rate", "orders", "mean", 0],
        "repurchase_rate": ["rate", "orders", "mean", 0],
        "active_customers": ["count", "orders", "sum", "standing"],
        "revenue_30d": ["money", "orders", "sum", 30],
        "average_order_value": ["money", "orders", "mean", 0],
        "return_rate": ["rate", "returns", "mean", 0],
        "negative_feedback_rate": ["rate", "answers", "mean", 0],
        "nps_score": ["points", "nps", "mean", 0],
        "csat_score": ["rate", "csat", "mean", 0],
        "complaints_7d": ["count", "tickets", "sum", 7],
        "timely_rate": ["rate", "tickets", "mean", 0],
        "resolution_rate": ["rate", "tickets", "mean", 0],
        "touch_completion_rate": ["rate", "touch_plans", "mean", 0],
        "cadence_kept_rate": ["rate", "cadence", "mean", "standing"],
    }) }}
{%- endmacro %}

{# Days that the trend of the board goes back; the name of its column, trend_7d, says so. #}
{% macro board_trend_days() -%}{{ return(7) }}{%- endmacro %}

{# A number whose 0 has no sign: what rounds to nothing from below is -0.0, which reads as less than nothing. #}
{% macro plain_zero(number) -%}
    case when {{ number }} = 0 then cast(0 as double) else {{ number }} end
{%- endmacro %}

{# What a metric's contributions are split by, where it has it. #}
{% macro board_dimensions() -%}{{ return(["tier", "region", "channel", "category"]) }}{%- endmacro %}

{# The value of a metric from what was counted; null where nothing was. #}
{% macro board_value(unit, statistic, numerator, denominator) -%}
    case
        when {{ statistic }} = 'sum' then cast({{ numerator }} as double)
        else
            case when {{ unit }} = 'points' then 100 else 1 end
            * cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0)
    end
{%- endmacro %}

{#
  What chance alone adds to the difference between a value's surplus and that of a whole, in one window: squares of what the
  value's own events depart from the mean, and of those of the rest, as far as the other window does not share them; and
  never less than one event more or less would do.
#}
{% macro departure_variance(window) -%}
    (
        unshared * (
            (1 - weight{{ window }}) * (1 - weight{{ window }}) * spread{{ window }}
            + weight{{ window }} * weight{{ window }} * greatest(all_spread{{ window }} - spread{{ window }}, 0)
        )
        + case
            when is_sum then all_squared{{ window }} / whole{{ window }} * all_squared{{ window }} / whole{{ window }}
            else all_spread{{ window }} / whole{{ window }}
        end
    ) / (whole{{ window }} * whole{{ window }})
{%- endmacro %}
