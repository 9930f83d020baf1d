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
