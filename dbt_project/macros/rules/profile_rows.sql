{#
  The rows of a rule seed that hold for this run's profile. A profile's own rows for a key replace the rows of
  profile `all` for that key whole; keys that it does not mention keep the rows of `all`.

  with_line: whether each row says which line of the seed it is, in column `line`.
#}
{% macro profile_rows(seed, key, with_line=false) -%}
    select rule_rows.*{{ ', ' ~ seed_line('rule_rows') ~ ' as line' if with_line }}
    from {{ seed }} as rule_rows
    cross join {{ source('raw', 'run_parameters') }} as run_parameters
    where rule_rows.profile in (run_parameters.profile, 'all')
    qualify rank() over (
        partition by {{ key }}
        order by case when rule_rows.profile = 'all' then 1 else 0 end
    ) = 1
{%- endmacro %}

{# Stops the build when the run asks for a profile that profiles.csv does not have: it would silently get the rows of `all`. #}
{% macro check_profile() -%}
    {% set query %}
        select
            run_parameters.profile,
            profiles.profile as known_profile
        from {{ source('raw', 'run_parameters') }} as run_parameters
        cross join {{ ref('profiles') }} as profiles
        where profiles.profile != 'all'
        order by profiles.profile
    {% endset %}
    {% set rows = run_query(query).rows %}
    {% set known = rows | map(attribute='known_profile') | list %}
    {% if rows and rows[0].profile not in known %}
        {{ exceptions.raise_compiler_error(
            "Profile '" ~ rows[0].profile ~ "' is unknown. Use one of: " ~ known | join(", ")
            ~ "; or add it to seeds/profiles.csv."
        ) }}
    {% endif %}
{%- endmacro %}

{#
  The rows of a seed for this run's profile, read when a model is compiled; a list of dictionaries with `seed` and `line`.

  key: the columns within which rows of the profile put aside those of `all`; columns: what is read, in the order of rows.
#}
{% macro seed_rows(seed, key, columns, descending=none) -%}
    {% set relation = ref(seed) %}
    {% set profiles = ref('profiles') %}
    {% set parameters = source('raw', 'run_parameters') %}
    {% if not execute %}{{ return([]) }}{% endif %}
    {% do check_profile() %}
    {% set query %}
        select
            {{ columns | join(", ") }},
            line
        from (
            {{ profile_rows(relation, key, with_line=true) }}
        ) as nearest
        order by {% for column in columns %}{{ column }}{{ " desc" if column == descending }}{{ ", " if not loop.last }}{% endfor %}
    {% endset %}
    {% set rows = [] %}
    {% for row in run_query(query).rows %}
        {% do rows.append(dict(row.dict(), seed=seed)) %}
    {% endfor %}
    {{ return(rows) }}
{%- endmacro %}
