{#
  The tiers of int_tier_history are wide, columns tier_N and tier_rank_N by the number of the scheme; published tables are
  long. Here stands which column is whose.
#}

{# The columns of all schemes; a list of names. #}
{% macro tier_columns(schemes) -%}
    {% set names = [] %}
    {% for scheme in schemes %}{% do names.extend(["tier_" ~ loop.index, "tier_rank_" ~ loop.index]) %}{% endfor %}
    {{ return(names) }}
{%- endmacro %}

{# Whether two relations hold the same in all these columns, which are never null. #}
{% macro tiers_equal(left, right, columns) -%}
    {% for column in columns -%}
    {{ left }}.{{ column }} = {{ right }}.{{ column }}{{ " and " if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{# One row per scheme, for stacked(): its tier and rank on a day. #}
{% macro tiers_by_scheme(schemes) -%}
    {% set rows = [] %}
    {% for scheme in schemes %}
        {% do rows.append({
            "scheme": sql_text(scheme),
            "tier": "tier_" ~ loop.index,
            "tier_rank": "tier_rank_" ~ loop.index,
        }) %}
    {% endfor %}
    {{ return(rows) }}
{%- endmacro %}

{# One row per scheme, for stacked(): its tier and rank on two days. #}
{% macro moves_by_scheme(schemes) -%}
    {% set rows = [] %}
    {% for scheme in schemes %}
        {% do rows.append({
            "scheme": sql_text(scheme),
            "from_tier": "from_tier_" ~ loop.index,
            "from_tier_rank": "from_tier_rank_" ~ loop.index,
            "to_tier": "to_tier_" ~ loop.index,
            "to_tier_rank": "to_tier_rank_" ~ loop.index,
        }) %}
    {% endfor %}
    {{ return(rows) }}
{%- endmacro %}

{# One row per ordered pair of two schemes, for stacked(): their tiers and ranks on a day. #}
{% macro tiers_by_pair(schemes) -%}
    {% set rows = [] %}
    {% for scheme in schemes %}
        {% set number = loop.index %}
        {% for other in schemes if other != scheme %}
            {% set other_number = schemes.index(other) + 1 %}
            {% do rows.append({
                "scheme_a": sql_text(scheme),
                "tier_a": "tier_" ~ number,
                "tier_rank_a": "tier_rank_" ~ number,
                "scheme_b": sql_text(other),
                "tier_b": "tier_" ~ other_number,
                "tier_rank_b": "tier_rank_" ~ other_number,
            }) %}
        {% endfor %}
    {% endfor %}
    {{ return(rows) }}
{%- endmacro %}
