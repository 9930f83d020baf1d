{# The entities that a contract can ask completeness of. A test holds this list against the contracts. #}
{% macro landed_entities() -%}
    {{ return([
        "alert_decisions",
        "campaigns",
        "contracts",
        "customers",
        "finance_totals",
        "fx_rates",
        "identity_decisions",
        "interactions",
        "label_reviews",
        "memberships",
        "order_items",
        "orders",
        "products",
        "referrals",
        "returns",
        "strategy_changes",
        "surveys",
        "ticket_events",
        "tickets",
        "tier_decisions",
        "tier_reviews",
        "touch_plans",
        "touches",
        "value_backtests",
        "value_fit_nodes",
        "value_fit_parameters",
        "value_fits",
    ]) }}
{%- endmacro %}

{#
  What the contracts ask of completeness (I6), read when the model is compiled: a list of entities, each with its key,
  its columns of days and versions, and the columns asked for of which raw keeps enough to judge.

  only: one entity; none: all.
#}
{% macro completeness_asked(only=none) -%}
    {% set thresholds = source('raw', 'completeness_thresholds') %}
    {% if not execute %}{{ return([]) }}{% endif %}
    {% set query %}
        select
            entity, column_name, raw_column, is_instant, key_columns, event_column, version_column, is_event
        from {{ thresholds }}
        {{ "where entity = '" ~ only ~ "'" if only }}
        order by entity, column_name
    {% endset %}
    {% set asked = {} %}
    {% for row in run_query(query).rows %}
        {% if row.entity not in landed_entities() %}
            {{ exceptions.raise_compiler_error(
                "The contract of '" ~ row.entity ~ "' asks for completeness, and macros/rules/completeness.sql does not "
                ~ "know the entity. Add it to landed_entities()."
            ) }}
        {% endif %}
        {% if row.entity not in asked %}
            {% do asked.update({row.entity: {
                "name": row.entity,
                "key": row.key_columns.split(","),
                "event_column": row.event_column,
                "version_column": row.version_column,
                "is_event": row.is_event,
                "columns": [],
            }}) %}
        {% endif %}
        {% if row.raw_column %}
            {% do asked[row.entity]["columns"].append(row.dict()) %}
        {% endif %}
    {% endfor %}
    {{ return(asked.values() | list) }}
{%- endmacro %}

{# 1 where a value is missing: null, or an instant that had not come by a day. #}
{% macro is_missing(column, relation, day) -%}
    case
        when {{ relation }}.{{ column.raw_column }} is null then 1
        {% if column.is_instant -%}
        when cast({{ relation }}.{{ column.raw_column }} as date) > {{ day }} then 1
        {% endif -%}
        else 0
    end
{%- endmacro %}

{# The sums of the columns' missing values, as missing_1, missing_2, ... #}
{% macro missing_sums(columns, relation, day) -%}
    {% for column in columns -%}
    sum({{ is_missing(column, relation, day) }}) as missing_{{ loop.index }}{{ ',' if not loop.last }}
    {% endfor -%}
{%- endmacro %}

{#
  Rows and missing values of an entity of events by the week in which they happened: week_start, row_count, missing_1, ...

  weeks: CTE of week_start, week_end and as_of_date.
#}
{% macro missing_by_week_of_event(entity, weeks) -%}
    select
        weeks.week_start,
        count(*) as row_count,
        {{ missing_sums(entity.columns, 'newest', 'weeks.as_of_date') }}
    from (
        {{ newest_version(entity.name, entity.key, has_updated_at=entity.version_column is not none) }}
    ) as newest
    inner join {{ weeks }} as weeks
        on {{ week_start('cast(newest.' ~ entity.event_column ~ ' as date)') }} = weeks.week_start
    where cast(newest.{{ entity.event_column }} as date) <= weeks.as_of_date
    group by weeks.week_start
{%- endmacro %}

{#
  The same of master data: the rows known at the end of each week, each in its newest version by then. Without a column of
  versions or days nothing tells what was known earlier, and only the as-of day's week is there.

  Most keys were delivered once: they are counted by the day from which they are known. Only the others are put in order
  for every week.
#}
{% macro missing_by_week_of_master(entity, weeks) -%}
    {% set versions = source('raw', entity.name) %}
    {% set hash = key_hash(entity.key, 'versions') %}
    {% set known_on = 'cast(' ~ entity.event_column ~ ' as date)' if entity.event_column else 'cast(null as date)' %}
    {% if not entity.version_column -%}
    select
        weeks.week_start,
        count(*) as row_count,
        {{ missing_sums(entity.columns, 'newest', 'weeks.as_of_date') }}
    from (
        {{ newest_version(entity.name, entity.key) }}
    ) as newest
    inner join {{ weeks }} as weeks on weeks.week_end = weeks.as_of_date
    group by weeks.week_start
    {%- else -%}
    {% set repeated -%}
        (
            select {{ hash }} as key_hash
            from {{ versions }} as versions
            group by {{ hash }}
            having count(*) > 1
        )
    {%- endset %}
    {% set sums = ['row_count'] %}
    {% for column in entity.columns %}{% do sums.append('missing_' ~ loop.index) %}{% endfor %}
    select
        week_start,
        {% for name in sums -%}
        sum({{ name }}) as {{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from (
        select
            weeks.week_start,
            {{ sums | join(', ') }}
        from (
            select
                {{ known_on }} as known_on,
                count(*) as row_count,
                {{ missing_sums(entity.columns, 'versions', 'asked.as_of_date') }}
            from {{ versions }} as versions
            cross join {{ source('raw', 'run_parameters') }} as asked
            left join {{ repeated }} as repeated on {{ hash }} = repeated.key_hash
            where repeated.key_hash is null
            group by {{ known_on }}
        ) as once
        inner join {{ weeks }} as weeks on once.known_on is null or once.known_on <= weeks.week_end
        union all
        select
            newest.week_start,
            count(*) as row_count,
            {{ missing_sums(entity.columns, 'newest', 'newest.week_end') }}
        from (
            select
                versions.*,
                weeks.week_start,
                weeks.week_end
            from {{ versions }} as versions
            inner join {{ repeated }} as repeated on {{ hash }} = repeated.key_hash
            cross join {{ weeks }} as weeks
            qualify row_number() over (
                partition by weeks.week_start, versions.{{ entity.key | join(', versions.') }}
                order by
                    case when cast(versions.{{ entity.version_column }} as date) > weeks.week_end then 1 else 0 end,
                    versions.{{ entity.version_column }} desc nulls last,
                    versions._load_seq desc,
                    versions._line_no desc
            ) = 1
        ) as newest
        where {{ known_on }} is null or {{ known_on }} <= newest.week_end
        group by newest.week_start
    ) as parts
    group by week_start
    {%- endif %}
{%- endmacro %}
