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

{# The branches of a CASE over factor codes that give columns `<factor>_change` as text with a sign. #}
{% macro changes_told(rows, relation) -%}
    {% for row in rows %}
        {% set change = relation ~ "." ~ row.factor ~ "_change" %}
        when {{ sql_text(row.factor) }}
            then {{ dbt.concat(["case when " ~ change ~ " > 0 then '+' else '' end", as_text(change)]) }}
    {% endfor %}
{%- endmacro %}

{# Columns `<factor>_points`: what each factor adds to a score of 100; one that is missing adds nothing. #}
{% macro factor_points(rows, relation) -%}
    {% set columns = [] %}
    {% for row in rows %}
        {% set score = "coalesce(" ~ relation ~ "." ~ row.factor ~ "_score, 0)" %}
        {% do columns.append(
            "100 * " ~ row.weight ~ " * " ~ score ~ " / " ~ relation ~ ".weight_sum as " ~ row.factor ~ "_points"
        ) %}
    {% endfor %}
    {{- columns | join(",\n        ") -}}
{%- endmacro %}

{# Columns `<factor>_change` and `<factor>_moved`: points of a factor more than before, and their absolute value. #}
{% macro factor_changes(rows, present, previous) -%}
    {% set columns = [] %}
    {% for row in rows %}
        {% set change = present ~ "." ~ row.factor ~ "_points - " ~ previous ~ "." ~ row.factor ~ "_points" %}
        {% do columns.append(rounded(change, 4) ~ " as " ~ row.factor ~ "_change") %}
        {% do columns.append(rounded("abs(" ~ change ~ ")", 4) ~ " as " ~ row.factor ~ "_moved") %}
    {% endfor %}
    {{- columns | join(",\n        ") -}}
{%- endmacro %}
