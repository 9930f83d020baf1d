{#
  Alerts (W, decisions 70 and 71). A condition is asked of a subject on every day, as it stands when the day is over; since
  it changes only on days on which a fact enters or leaves its window, spans of days are found from those days alone.
#}

{#
  The metrics that a rule of alert_rules.csv can ask about: how it is worked out, its unit, whose it is, and how it is
  compared with the threshold.

  share: what counts over all within lookback_days. drop: the fall of a number against as many days before. mean_drop: the
  fall of a mean, within one survey. number, amount: within lookback_days. days: since a day. board: of kpi_history.
#}
{% macro alert_metrics() -%}
    {{ return({
        "negative_share": ["share", "rate", "region", ">"],
        "purchase_drop_rate": ["drop", "rate", "customer", ">="],
        "churn_rate_daily": ["board", "rate", "metric", ">"],
        "cadence_ratio": ["days", "ratio", "customer", ">="],
        "interaction_drop_rate": ["drop", "rate", "customer", ">="],
        "negative_feedback": ["number", "count", "customer", ">="],
        "satisfaction_drop": ["mean_drop", "share", "customer", ">="],
        "complaints": ["number", "count", "customer", ">="],
        "slow_response_share": ["share", "rate", "region", ">="],
        "low_rating_share": ["share", "rate", "owner", ">="],
        "return_rate": ["share", "rate", "product", ">="],
        "product_complaint_rate": ["share", "rate", "product", ">="],
        "days_to_due": ["days", "days", "ticket", "<="],
        "ticket_overdue_days": ["days", "days", "ticket", ">="],
        "contact_overdue_days": ["days", "days", "customer", ">="],
        "revenue_without_consent": ["amount", "amount", "customer", ">="],
        "board_abnormal": ["board", "flag", "metric", "="],
    }) }}
{%- endmacro %}

{# One of the four entries of alert_metrics() for a row's metric. #}
{% macro of_alert_metric(metric, place) -%}
    case {{ metric }}
        {%- for name, about in alert_metrics().items() %}
        when '{{ name }}' then '{{ about[place] }}'
        {%- endfor %}
    end
{%- endmacro %}

{# Whether a value compares with a bound as its metric is compared: above, or from the bound on. #}
{% macro reaches(value, bound, comparison) -%}
    ({{ value }} > {{ bound }} or ({{ comparison }} = '>=' and {{ value }} = {{ bound }}))
{%- endmacro %}

{# Days until a count of days times a factor is reached, whole days up. #}
{% macro days_until(factor, days) -%}
    cast(ceil({{ rounded(factor ~ ' * ' ~ days, 6) }}) as integer)
{%- endmacro %}

{# The figure of an alert in the unit's decimals. #}
{% macro alert_figure(value, unit) -%}
    case {{ unit }}
        when 'rate' then {{ as_text(value, 4) }}
        when 'share' then {{ as_text(value, 4) }}
        when 'flag' then {{ as_text(value, 4) }}
        when 'ratio' then {{ as_text(value, 2) }}
        when 'amount' then {{ as_text(value, 2) }}
        else {{ as_text(value, 0) }}
    end
{%- endmacro %}

{#
  How the figure compares with the rule's bounds, true as it stands. One that has come below the threshold since, and
  stands until close_threshold, says where it opened; one that was graver, since when.
#}
{% macro alert_comparison(shown) -%}
    {% set value, unit = shown ~ '.shown_value', shown ~ '.unit' -%}
    {% set threshold, comparison = shown ~ '.asked_threshold', shown ~ '.comparison' -%}
    case
        when {{ threshold }} is null then ''
        when {{ shown }}.approach = 'board' and {{ unit }} = 'flag'
            then ', target ' || {{ alert_figure(threshold, unit) }}
        -- Due at midnight, a day ahead is two days of the calendar.
        when {{ comparison }} = '<='
            then case when {{ value }} <= {{ threshold }} then ' <= ' || {{ alert_figure(threshold, unit) }} else '' end
        when {{ reaches(value, threshold, comparison) }}
            then ' ' || {{ comparison }} || ' ' || {{ alert_figure(threshold, unit) }}
        else
            ', opened at ' || {{ comparison }} || ' ' || {{ alert_figure(threshold, unit) }}
            || coalesce(
                ', closes ' || case {{ comparison }} when '>' then 'at ' else 'below ' end
                || {{ alert_figure(shown ~ '.close_threshold', unit) }},
                ''
            )
    end
    || case
        when {{ shown }}.critical_on is not null and {{ value }} < {{ shown }}.critical_threshold
            then
                ', critical since ' || cast({{ shown }}.critical_on as {{ dbt.type_string() }}) || ' at >= '
                || {{ alert_figure(shown ~ '.critical_threshold', unit) }}
        else ''
    end
{%- endmacro %}

{# What an alert's figure is made from, in brackets. #}
{% macro alert_inputs(spans, rules) -%}
    {% set days = as_text(rules ~ '.lookback_days', 0) -%}
    case
        when {{ rules }}.approach = 'share'
            then
                ' (' || {{ as_text(spans ~ '.now_sum', 0) }} || ' of ' || {{ as_text(spans ~ '.now_count', 0) }}
                || ' in ' || {{ days }} || ' days)'
        when {{ rules }}.approach in ('drop', 'mean_drop')
            then
                ' (' || {{ as_text(spans ~ '.now_count', 0) }} || ' in ' || {{ days }} || ' days, '
                || {{ as_text(spans ~ '.before_count', 0) }} || ' in the ' || {{ days }} || ' before'
                || case when {{ spans }}.occasion = '' then '' else ', ' || {{ spans }}.occasion end || ')'
        when {{ rules }}.approach in ('number', 'amount') then ' (in ' || {{ days }} || ' days)'
        when {{ rules }}.metric = 'cadence_ratio'
            then
                ' (silent since ' || cast({{ spans }}.counted_from as {{ dbt.type_string() }}) || ', own gap '
                || {{ as_text(spans ~ '.unit_days', 1) }} || ' days)'
        when {{ rules }}.approach = 'days'
            then
                ' (due ' || cast({{ spans }}.counted_from as {{ dbt.type_string() }}) || ', ' || {{ spans }}.occasion
                || ')'
        else ''
    end
{%- endmacro %}

{# Points of a survey's whole scale: so many that a step of a scale of 5, 7 or 11 answers is a whole number of them. #}
{% macro satisfaction_scale_points() -%}
    {{ return(60) }}
{%- endmacro %}

{# An answer in points of its scale, 0 the worst: hundredths, so that a mean on a threshold is on it. #}
{% macro satisfaction_points(score, score_min, score_max) -%}
    {{ to_decimal(
        satisfaction_scale_points() ~ ' * cast(' ~ score ~ ' - ' ~ score_min ~ ' as double) / ('
        ~ score_max ~ ' - ' ~ score_min ~ ')'
    ) }}
{%- endmacro %}
