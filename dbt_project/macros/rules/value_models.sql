{#
  Purchases that a customer who is alive makes within some weeks, at one dropout probability p (BG/NBD):

      (1 - (1 + p t / (alpha + T)) ^ -(r + x)) / p

  Averaged over p ~ Beta(a, b + x) this is the expectation given alive (decision 51). Where p t is next to nothing the
  difference would lose its digits, so there its series stands; its next term is below 1e-14 of the whole.

  p: the dropout probability; scale: alpha + T in weeks; shape: r + x; weeks: t. SQL, all of them DOUBLE.
#}
{% macro purchases_at_dropout(p, scale, shape, weeks) -%}
    {% set z = "(" ~ p ~ " * " ~ weeks ~ " / " ~ scale ~ ")" -%}
    case
        when ({{ shape }} + 4) * {{ z }} < 1e-3
            then {{ shape }} * {{ weeks }} / {{ scale }} * (
                1 - ({{ shape }} + 1) * {{ z }} / 2
                * (1 - ({{ shape }} + 2) * {{ z }} / 3 * (1 - ({{ shape }} + 3) * {{ z }} / 4))
            )
        else (1 - power(1 + {{ z }}, -({{ shape }}))) / {{ p }}
    end
{%- endmacro %}

{# A span of days in weeks, the unit of the value models; SQL. #}
{% macro in_weeks(days) -%}
    (cast({{ days }} as double) / 7)
{%- endmacro %}

{#
  Probability that a customer still buys (BG/NBD). Dropout comes right after a purchase, so who has bought on one day alone
  is alive.

  models: relation with the columns of int_value_models; repeats: x, purchase days after the first; span_days and age_days:
  from the first to the last purchase day, and to the day that is asked about. SQL.
#}
{% macro probability_alive(models, repeats, span_days, age_days) -%}
    case
        when {{ repeats }} = 0 then cast(1 as double)
        else 1 / (
            1
            + {{ models }}.bg_nbd_a / ({{ models }}.bg_nbd_b + {{ repeats }} - 1)
            * power(
                ({{ models }}.bg_nbd_alpha + {{ in_weeks(age_days) }})
                / ({{ models }}.bg_nbd_alpha + {{ in_weeks(span_days) }}),
                {{ models }}.bg_nbd_r + {{ repeats }}
            )
        )
    end
{%- endmacro %}

{# Columns of purchases expected of those alive within 30 and 90 days, and by the end of each twelfth of a year. #}
{% macro expected_purchases_columns() -%}
    {% set horizons = {"30d": in_weeks(30), "90d": in_weeks(90)} %}
    {% for month in range(1, 13) %}
        {% do horizons.update({month ~ "m": "(" ~ month ~ " * cast(365 as double) / 84)"}) %}
    {% endfor %}
    {% set columns = [] %}
    {% for name, weeks in horizons.items() %}
        {% set purchases = purchases_at_dropout("nodes.dropout_probability", "scaled.scale_weeks", "scaled.shape", weeks) %}
        {% do columns.append("sum(nodes.node_weight * " ~ purchases ~ ") as purchases_" ~ name) %}
    {% endfor %}
    {{ columns | join(",\n        ") }}
{%- endmacro %}

{# The purchases of twelve months, each discounted from the end of its month; rate: what a year takes off, SQL. #}
{% macro discounted_purchases(relation, rate) -%}
    {% set months = [] %}
    {% for month in range(1, 13) %}
        {% set until = relation ~ ".purchases_" ~ month ~ "m" %}
        {% set since = " - " ~ relation ~ ".purchases_" ~ (month - 1) ~ "m" if month > 1 else "" %}
        {% do months.append(
            "(" ~ until ~ since ~ ") * power(1 + " ~ rate ~ ", -cast(" ~ month ~ " as double) / 12)"
        ) %}
    {% endfor %}
    {{ months | join("\n        + ") }}
{%- endmacro %}
