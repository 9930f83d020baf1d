{#
  R1 to R3: the bands of rfm_bands.csv become CASE expressions when a model is compiled, so that a row costs one pass
  whatever their number. A customer has the highest band whose bound it reaches; the band without a bound takes the rest.
#}

{# The bands of this run's profile, the highest of a measure first; a list of dictionaries. #}
{% macro band_rows() -%}
    {% set rows = seed_rows("rfm_bands", "measure", ["measure", "band", "bound", "unit"], descending="band") %}
    {% for measure in ["recency", "frequency", "monetary"] if execute and measure not in rows | map(attribute="measure") %}
        {{ exceptions.raise_compiler_error(
            "Seed rfm_bands has no band of " ~ measure ~ " for this profile and none for 'all'. Add its bands."
        ) }}
    {% endfor %}
    {% do check_band_order(rows) %}
    {{ return(rows) }}
{%- endmacro %}

{#
  Stops the build when the bands of a measure do not follow one another: a number left out, the one without a bound
  above another, or a bound that the band above it reaches already. `rows` stand highest band first.
#}
{% macro check_band_order(rows) -%}
    {% set days_of = {"months": 30.4, "days": 1} %}
    {% for row in rows %}
        {% set place = "seeds/rfm_bands.csv" ~ (", line " ~ row.line if row.line else "") ~ ": band " ~ row.band ~ " of " ~ row.measure %}
        {% set above = rows[loop.index0 - 1] if not loop.first and rows[loop.index0 - 1].measure == row.measure else none %}
        {% if above is not none and row.band | int != above.band | int - 1 %}
            {{ exceptions.raise_compiler_error(
                place ~ " does not follow band " ~ above.band ~ ". Number the bands of a measure without a gap."
            ) }}
        {% elif above is not none and above.bound is none %}
            {{ exceptions.raise_compiler_error(
                place ~ " is never reached: band " ~ above.band ~ " has no bound and takes all. Leave the bound of band 1 empty."
            ) }}
        {% elif above is not none and row.bound is not none %}
            {% set is_recency = row.measure == "recency" %}
            {% set reach = row.bound | float * days_of.get(row.unit, 1) if is_recency else row.bound | float %}
            {% set reach_above = above.bound | float * days_of.get(above.unit, 1) if is_recency else above.bound | float %}
            {% if reach == reach_above or (reach < reach_above) == is_recency %}
                {{ exceptions.raise_compiler_error(
                    place ~ " is never reached: its bound " ~ row.bound ~ " lies within that of band " ~ above.band ~ ", "
                    ~ above.bound ~ ". " ~ ("A lower band holds a longer time." if is_recency else "A lower band has a lower bound.")
                ) }}
            {% endif %}
        {% endif %}
    {% endfor %}
{%- endmacro %}

{# Columns of the day after which a purchase reaches each recency band that is bounded in months, for a snapshot. #}
{% macro recency_edges(bands, snapshot_on) -%}
    {% for row in bands if row.measure == "recency" and row.unit == "months" and row.bound is not none -%}
    {{ add_months(snapshot_on, "-" ~ row.bound | int) }} as recency_edge_{{ row.band }},
    {% endfor %}
{%- endmacro %}

{# R1: "within N months" are the days d with snapshot - N months < d. Reads the columns of recency_edges. #}
{% macro recency_band(bands) -%}
    case
        when last_purchase_on is null then null
        {%- for row in bands if row.measure == "recency" %}
        {%- if row.bound is none %}
        when true then {{ row.band }}
        {%- elif row.unit == "months" %}
        when last_purchase_on > recency_edge_{{ row.band }} then {{ row.band }}
        {%- elif row.unit == "days" %}
        when recency_days <= {{ row.bound }} then {{ row.band }}
        {%- endif %}
        {%- endfor %}
    end
{%- endmacro %}

{# R2 and R3: the highest band whose bound a count or an amount reaches. #}
{% macro reached_band(bands, measure, column) -%}
    case
        when last_purchase_on is null then null
        {%- for row in bands if row.measure == measure %}
        when {% if row.bound is none %}true{% else %}{{ column }} >= {{ row.bound }}{% endif %} then {{ row.band }}
        {%- endfor %}
    end
{%- endmacro %}
