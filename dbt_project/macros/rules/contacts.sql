{# The contact calendar (P1 to P3, decision 61): what several of its steps share. #}

{# The periods of a service policy, for stacked(): first and last day of the one that a day is in. #}
{% macro contact_periods(day) -%}
    {% set monday = week_start(day) %}
    {% set fortnight = add_days(
        "date '2000-01-03'", "14 * floor(" ~ days_between("date '2000-01-03'", day) ~ " / 14.0)"
    ) %}
    {% set month = month_start(day) %}
    {% set quarter = quarter_start(day) %}
    {% set half_year = add_months(month, "-((extract(month from " ~ day ~ ") - 1) % 6)") %}
    {{ return([
        {"period": "'week'", "period_start": monday, "period_end": add_days(monday, 6)},
        {"period": "'fortnight'", "period_start": fortnight, "period_end": add_days(fortnight, 13)},
        {"period": "'month'", "period_start": month, "period_end": add_days(add_months(month, 1), -1)},
        {"period": "'quarter'", "period_start": quarter, "period_end": add_days(add_months(quarter, 3), -1)},
        {"period": "'half_year'", "period_start": half_year, "period_end": add_days(add_months(half_year, 6), -1)},
    ]) }}
{%- endmacro %}

{# The tier under a scheme that a row names, of a row of int_tier_history. #}
{% macro tier_of_scheme(scheme, history) -%}
    case {{ scheme }}
        {% for name in rule_rows('tier_rules') | map(attribute='scheme') | unique -%}
        when {{ sql_text(name) }} then {{ history }}.tier_{{ loop.index }}
        {% else -%}
        when '' then ''
        {% endfor -%}
    end
{%- endmacro %}

{# Days within which two contacts of a customer are too near each other; read when compiled, as frames take no column. #}
{% macro contact_gap_days() -%}
    {% set rows = seed_rows("profile_parameters", "rule_rows.parameter", ["parameter", "value"]) %}
    {% for row in rows if row.parameter == "contact_gap_days" %}{{ return(row.value | int) }}{% endfor %}
    {{ return(0) }}
{%- endmacro %}

{# The channel of a contact: the customer's own where both it and the rule's may stand for each other; null for none. #}
{% macro contact_channel(rule_channel, preferred_channel, is_rule_exchangeable, is_preferred_exchangeable) -%}
    case
        when {{ rule_channel }} = 'preferred' then {{ preferred_channel }}
        when {{ is_rule_exchangeable }} and {{ is_preferred_exchangeable }} then {{ preferred_channel }}
        else {{ rule_channel }}
    end
{%- endmacro %}

{# A JSON object of SQL texts by field, for a template; a missing value is an empty text. Line ends and tabs become blanks. #}
{% macro contact_fields(fields) -%}
    {% set parts = [] %}
    {% for name, value in fields.items() %}
        {% set clean = "translate(coalesce(" ~ value ~ ", ''), chr(9) || chr(10) || chr(13), '   ')" %}
        {% set escaped = "replace(replace(" ~ clean ~ ", chr(92), chr(92) || chr(92)), chr(34), chr(92) || chr(34))" %}
        {% do parts.append(sql_text((", " if not loop.first else "") ~ '"' ~ name ~ '": "') ~ " || " ~ escaped ~ " || '\"'") %}
    {% endfor %}
    {{- "'{' || " ~ (parts + ["'}'"]) | join(" || ") -}}
{%- endmacro %}

{# The rule of a contact by cadence, in words; SQL text. #}
{% macro told_policy(policies, tier_on) -%}
    {{ policies }}.rule_id || ' ' || {{ policies }}.policy || ': ' || {{ as_text(policies ~ '.contacts', 0) }} || ' a '
    || {{ policies }}.period || ' for ' || {{ policies }}.scheme || ' ' || {{ policies }}.tier || ' of '
    || cast({{ tier_on }} as {{ dbt.type_string() }})
{%- endmacro %}

{# The rule of a contact by trigger and its event, in words; SQL text. The day of a birthday would tell it. #}
{% macro told_trigger(rules, events, tier_on) -%}
    {{ rules }}.rule_id || ' ' || {{ rules }}.trigger || ': ' || {{ rules }}.event
    || case
        when {{ rules }}.event = 'birthday' then ''
        else ' of ' || cast({{ events }}.event_on as {{ dbt.type_string() }})
    end
    || case when {{ rules }}.offset_days < 0 then ' less ' else ' plus ' end
    || {{ as_text('abs(' ~ rules ~ '.offset_days)', 0) }} || ' days'
    || case
        when {{ rules }}.scheme is null then ''
        else ' for ' || {{ rules }}.scheme || ' ' || {{ rules }}.tier || ' of ' || cast({{ tier_on }} as {{ dbt.type_string() }})
    end
{%- endmacro %}

{# Why a contact is due, why on another day than its rule asks for, and why it is not planned; SQL text. #}
{% macro told_contact() -%}
    rule_reason
    || case
        when contact_kind = 'cadence' or wanted_on = earliest_on then ''
        else '; ' || cast(earliest_on as {{ dbt.type_string() }}) || ' is a quiet day'
    end
    || case
        when due_on = wanted_on then ''
        else '; moved from ' || cast(wanted_on as {{ dbt.type_string() }}) || ' as the days of ' || owner || ' are full'
    end
    || coalesce('; ' || exclusion_reason, '')
{%- endmacro %}
