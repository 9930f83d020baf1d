{#
  Scores from weighted factors (M8, S). A factor is one of the signals that int_customer_signals has of a customer on a day;
  its score rises in a straight line from 0 at the row's `low` to 1 at its `high`, which may be the lesser of the two.
  English and Chinese names stand in labels.csv, code set factor.
#}
{% macro signals() -%}
    {{ return([
        "p_alive",
        "cadence_ratio",
        "recency_share",
        "frequency_change_rate",
        "spend_change_rate",
        "days_since_last_interaction",
        "satisfaction_score",
        "complaints_12m",
        "open_tickets",
        "contract_days_left",
    ]) }}
{%- endmacro %}

{# The rows of a factor seed for this run's profile, in the order of signals(); a broken row stops the build. #}
{% macro factor_rows(seed) -%}
    {% set found = seed_rows(seed, "rule_rows.factor", ["factor", "weight", "low", "high", "rule_id"]) %}
    {% set rows = [] %}
    {% for row in found %}
        {% set place = "Line " ~ row.line ~ " of seeds/" ~ seed ~ ".csv: " %}
        {% if row.factor not in signals() %}
            {{ exceptions.raise_compiler_error(
                place ~ "factor '" ~ row.factor ~ "' is unknown. Use one of: " ~ signals() | join(", ") ~ "."
            ) }}
        {% elif row.low == row.high %}
            {{ exceptions.raise_compiler_error(place ~ "low and high are the same. Let them differ.") }}
        {% elif row.weight < 0 %}
            {{ exceptions.raise_compiler_error(place ~ "the weight is below 0. Use 0 to leave the factor out.") }}
        {% endif %}
    {% endfor %}
    {% for signal in signals() %}
        {% for row in found if row.factor == signal and row.weight > 0 %}{% do rows.append(row) %}{% endfor %}
    {% endfor %}
    {{ return(rows) }}
{%- endmacro %}

{# The score of a factor, 0 to 1; null where its signal is. #}
{% macro factor_score(row, relation) -%}
    {% set signal = relation ~ "." ~ row.factor -%}
    case
        when {{ signal }} is not null
            then least(
                cast(1 as double),
                greatest(cast(0 as double), (cast({{ signal }} as double) - ({{ row.low }})) / (({{ row.high }}) - ({{ row.low }})))
            )
    end
{%- endmacro %}

{# The sum of the weights of the factors that are there; null without one. #}
{% macro weight_of_factors(rows) -%}
    nullif(
        {% for row in rows -%}
        {{ "+ " if not loop.first }}case when {{ row.factor }}_score is not null then cast({{ row.weight }} as double) else 0 end
        {% else -%}
        0
        {% endfor -%}
        , 0
    )
{%- endmacro %}

{# The codes of the factors whose signal is missing, parted by commas; null where none is. #}
{% macro missing_factors(rows) -%}
    nullif({{ dbt.concat(["''"] + joined_where_missing(rows)) }}, '')
{%- endmacro %}

{% macro joined_where_missing(rows) -%}
    {% set parts = [] %}
    {% for row in rows %}
        {% set before = [] %}
        {% for other in rows[:loop.index0] %}{% do before.append(other.factor ~ "_score is null") %}{% endfor %}
        {% set comma = "case when " ~ (before | join(" or ")) ~ " then ',' else '' end" if before else "''" %}
        {% do parts.append(
            "case when " ~ row.factor ~ "_score is null then " ~ dbt.concat([comma, sql_text(row.factor)]) ~ " else '' end"
        ) %}
    {% endfor %}
    {{ return(parts) }}
{%- endmacro %}

{#
  The name of the factor with the greatest amount above 0 among columns `<factor><suffix>`, the first of equal ones; null
  where none is above 0.

  without: SQL of names that are taken already.
#}
{% macro greatest_factor(rows, suffix, without=[]) -%}
    {% set amounts = [] %}
    {% for row in rows %}
        {% set amount = "coalesce(" ~ row.factor ~ suffix ~ ", 0)" %}
        {% set taken = [] %}
        {% for name in without %}{% do taken.append(name ~ " = " ~ sql_text(row.factor)) %}{% endfor %}
        {% do amounts.append("case when " ~ taken | join(" or ") ~ " then 0 else " ~ amount ~ " end" if taken else amount) %}
    {% endfor %}
    {% set most = "greatest(0, " ~ amounts | join(", ") ~ ")" -%}
    case
        when {{ most }} <= 0 then null
        {% for row in rows -%}
        when {{ amounts[loop.index0] }} = {{ most }} then {{ sql_text(row.factor) }}
        {% endfor -%}
    end
{%- endmacro %}

{# What a factor that `name` names had to say: its value, and where its score is 0 and 1; SQL text, null without a name. #}
{% macro told_factor(rows, name) -%}
    case {{ name }}
        {% for row in rows -%}
        when {{ sql_text(row.factor) }}
            then {{ dbt.concat([
                sql_text(row.factor ~ " "),
                as_text(row.factor, 4),
                sql_text(" (0 at " ~ row.low ~ ", 1 at " ~ row.high ~ ", weight " ~ row.weight ~ ")"),
            ]) }}
        {% endfor -%}
    end
{%- endmacro %}

{# The sum of weight times score over the factors that are there. #}
{% macro sum_of_factors(rows) -%}
    {% for row in rows -%}
    {{ " + " if not loop.first }}{{ row.weight }} * coalesce({{ row.factor }}_score, 0)
    {%- else -%}
    cast(null as double)
    {%- endfor %}
{%- endmacro %}

{#
  Columns `<factor>_change`: the points of a score of 100 by which each factor moved it, which add up to the whole change.
  A factor counts with its present weight; where it is not known, before or now, it counts as the score before.
  `<factor>_is_turned`: whether it is known at one of the two ends alone.
#}
{% macro factor_changes(rows, present, previous) -%}
    {% set columns = [] %}
    {% for row in rows %}
        {% set now = present ~ "." ~ row.factor ~ "_score" %}
        {% set before = previous ~ "." ~ row.factor ~ "_score" %}
        {% set old_score = previous ~ ".score" %}
        {% set change = row.weight ~ " * (coalesce(100 * " ~ now ~ ", " ~ old_score ~ ") - coalesce(100 * " ~ before ~ ", "
            ~ old_score ~ ")) / " ~ present ~ ".weight_sum" %}
        {% do columns.append(rounded(change, 4) ~ " as " ~ row.factor ~ "_change") %}
        {% do columns.append("(" ~ now ~ " is null) != (" ~ before ~ " is null) as " ~ row.factor ~ "_is_turned") %}
    {% endfor %}
    {{- columns | join(",\n        ") -}}
{%- endmacro %}

{# Columns `<factor>_moved` and `<factor>_turned`: points the score's way, of factors known at both ends and at one. #}
{% macro factor_moves(rows) -%}
    {% set columns = [] %}
    {% for row in rows %}
        {% set change = row.factor ~ "_change * direction" %}
        {% do columns.append("case when not " ~ row.factor ~ "_is_turned then " ~ change ~ " end as " ~ row.factor ~ "_moved") %}
        {% do columns.append("case when " ~ row.factor ~ "_is_turned then " ~ change ~ " end as " ~ row.factor ~ "_turned") %}
    {% endfor %}
    {{- columns | join(",\n        ") -}}
{%- endmacro %}

{# The factor that `name` names and its points with a sign; SQL text, null without a name. #}
{% macro told_change(rows, name) -%}
    case {{ name }}
        {% for row in rows -%}
        when {{ sql_text(row.factor) }}
            then {{ dbt.concat([sql_text(row.factor ~ " ")] + points_with_sign(row)) }}
        {% endfor -%}
    end
{%- endmacro %}

{# The same of a factor that came or went: says which. #}
{% macro told_turn(rows, name) -%}
    case {{ name }}
        {% for row in rows -%}
        when {{ sql_text(row.factor) }}
            then {{ dbt.concat([
                sql_text(row.factor ~ " "),
                "case when " ~ row.factor ~ "_score is null then 'no longer known' else 'newly known' end",
                sql_text(", "),
            ] + points_with_sign(row)) }}
        {% endfor -%}
    end
{%- endmacro %}

{% macro points_with_sign(row) -%}
    {% set change = row.factor ~ "_change" %}
    {{ return(["case when " ~ change ~ " > 0 then '+' else '' end", as_text(change), "' points'"]) }}
{%- endmacro %}

{# The factor that alone is known; null where none or more are. #}
{% macro only_known_factor(rows) -%}
    case
        {% for row in rows -%}
        {% set others = [] -%}
        {% for other in rows if other.factor != row.factor %}{% do others.append(other.factor ~ "_score is null") %}{% endfor -%}
        when {{ ([row.factor ~ "_score is not null"] + others) | join(" and ") }} then {{ sql_text(row.factor) }}
        {% endfor -%}
    end
{%- endmacro %}
