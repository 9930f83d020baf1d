{#
  What the lifecycle replay knows of a customer on any day of the past, and so what a lifecycle rule may ask about.
  A measure counted in days passes a threshold on a day of its own; the others change on days of events alone.
#}
{% macro replayed_metrics() -%}
    {{ return([
        "age_days",
        "days_since_last_activity",
        "recency_days",
        "cadence_ratio",
        "spend_change_rate",
        "purchase_days_lifetime",
        "customer_type",
        "strategic_label",
        "age_stage",
        "activity_state",
        "curve_stage",
    ]) }}
{%- endmacro %}

{# What a rule of dormancy may ask about: it is asked of the as-of day alone. #}
{% macro dormancy_metrics() -%}
    {{ return(["tiers_below", "days_without_interaction"]) }}
{%- endmacro %}

{# The rules of dormancy (L4) of this run's profile; a rule that asks for anything else is refused. #}
{% macro dormancy_rule_rows() -%}
    {% set rows = rule_rows('lifecycle_rules') | selectattr("scheme", "equalto", "lifecycle_dormancy") | list %}
    {% for row in rows if row.metric != "always" and row.metric not in dormancy_metrics() %}
        {{ rule_problem(
            row,
            "metric '" ~ row.metric ~ "' is none that dormancy is judged by.",
            "Use one of: " ~ dormancy_metrics() | sort | join(", ") ~ "."
        ) }}
    {% endfor %}
    {{ return(rows) }}
{%- endmacro %}

{# The rules of the stages of this run's profile; a rule that the replay could not follow is refused. #}
{% macro lifecycle_rule_rows() -%}
    {% set rows = rule_rows('lifecycle_rules') | rejectattr("scheme", "equalto", "lifecycle_dormancy") | list %}
    {% for row in rows if row.metric != "always" and row.metric not in replayed_metrics() %}
        {{ rule_problem(
            row,
            "metric '" ~ row.metric ~ "' is not known for every past day, so the day a stage began could not be found.",
            "Use one of: " ~ replayed_metrics() | sort | join(", ") ~ "."
        ) }}
    {% endfor %}
    {{ return(rows) }}
{%- endmacro %}

{#
  The numbers of days at which the answer of any of these rules can change as a metric that counts days grows: where it
  reaches a threshold, or has passed it; a list of whole numbers, each once.
#}
{% macro rule_turning_days(rows, metric) -%}
    {% set days = [] %}
    {% for row in rows if row.metric == metric and row.value is not none %}
        {% set value = row.value | float %}
        {% set reached = value | round(0, 'ceil') | int %}
        {% set passed = value | round(0, 'floor') | int + 1 %}
        {% set turning = {">=": [reached], "<": [reached], ">": [passed], "<=": [passed]} %}
        {% for day in turning.get(row.operator, [reached, passed]) if day not in days %}{% do days.append(day) %}{% endfor %}
    {% endfor %}
    {{ return(days) }}
{%- endmacro %}

{# The thresholds that any of these rules sets for a metric, each once; a list of numbers. #}
{% macro rule_thresholds(rows, metric) -%}
    {% set thresholds = [] %}
    {% for row in rows if row.metric == metric and row.value is not none %}
        {% if row.value | float not in thresholds %}{% do thresholds.append(row.value | float) %}{% endif %}
    {% endfor %}
    {{ return(thresholds) }}
{%- endmacro %}

{#
  How far before a customer's last purchase the second look of the replay begins, in days. It decides what a run costs
  and never what it finds: whoever it does not settle is replayed from the start.
#}
{% macro lifecycle_lookback_days() -%}
    {{ return(150) }}
{%- endmacro %}

{#
  The number of days without activity from which on the displayed stage stays what it is until the next activity; none
  where these rules do not say. They do where an activity rule asks for such days alone, a stage rule for its outcome
  alone, and no rule before either asks for anything that changes in silence.
#}
{% macro lifecycle_silent_days(rows) -%}
    {% set lasting = ["purchase_days_lifetime", "customer_type", "strategic_label"] %}
    {% set silence = namespace(days=none, outcome=none, is_over=false) %}
    {% for group in rule_groups("lifecycle_activity", rows) if not silence.is_over %}
        {% set asked = group.conditions | map(attribute="metric") | list %}
        {% if asked == ["days_since_last_activity"] and group.rule.operator in [">=", ">"] %}
            {% set silence.days = rule_turning_days(group.conditions, "days_since_last_activity")[0] %}
            {% set silence.outcome = group.rule.tier %}
        {% endif %}
        {% set silence.is_over = asked | reject("in", lasting) | list != [] %}
    {% endfor %}
    {% set stage = namespace(is_found=false, is_over=false) %}
    {% for group in rule_groups("lifecycle_stage", rows) if not stage.is_over %}
        {% set asked = group.conditions | map(attribute="metric") | list %}
        {% set stage.is_found = asked == ["activity_state"] and group.rule.operator == "="
            and group.rule.value == silence.outcome %}
        {% set stage.is_over = stage.is_found or asked | reject("in", lasting + ["activity_state"]) | list != [] %}
    {% endfor %}
    {{ return(silence.days if stage.is_found else none) }}
{%- endmacro %}
