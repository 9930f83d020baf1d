{# Whole minutes from one TIMESTAMP to another by the clock, cut off towards 0; null where either is. #}
{% macro minutes_between(from_instant, to_instant) -%}
    {{ return(adapter.dispatch('minutes_between', 'retention')(from_instant, to_instant)) }}
{%- endmacro %}

{% macro duckdb__minutes_between(from_instant, to_instant) -%}
    cast(datesub('minute', {{ from_instant }}, {{ to_instant }}) as integer)
{%- endmacro %}

{% macro spark__minutes_between(from_instant, to_instant) -%}
    cast(timestampdiff(minute, {{ from_instant }}, {{ to_instant }}) as int)
{%- endmacro %}

{#
  Time that really passes. Instants are written as the clock on the wall shows them; where clocks are put forward and
  back, a day has 23 or 25 hours. So durations are counted between microseconds since 1970 in UTC.

  An hour that comes twice (clocks put back) is read as its second passage, in winter time; an hour that is left out
  (clocks put forward) as so much later: 02:30 of the night without a 02:30 is 03:30. Both engines do, for shifts of an
  hour; Spark alone would take the first passage.
#}

{# Microseconds since 1970 in UTC of a TIMESTAMP that a time zone's clocks show. #}
{% macro utc_micros(instant, zone) -%}
    {{ return(adapter.dispatch('utc_micros', 'retention')(instant, zone)) }}
{%- endmacro %}

{% macro duckdb__utc_micros(instant, zone) -%}
    epoch_us(timezone({{ zone }}, {{ instant }}))
{%- endmacro %}

{% macro spark__utc_micros(instant, zone) -%}
    {% set shown = "cast(" ~ instant ~ " as timestamp_ltz)" %}
    {% set first = "unix_micros(to_utc_timestamp(" ~ shown ~ ", " ~ zone ~ "))" %}
    case
        when from_utc_timestamp(timestamp_micros({{ first }} + 3600000000), {{ zone }}) = {{ shown }}
            then {{ first }} + 3600000000
        else {{ first }}
    end
{%- endmacro %}

{# The TIMESTAMP, in whole seconds, that a time zone's clocks show so many microseconds after 1970 in UTC. #}
{% macro shown_instant(micros, zone) -%}
    {{ return(adapter.dispatch('shown_instant', 'retention')(micros, zone)) }}
{%- endmacro %}

{% macro duckdb__shown_instant(micros, zone) -%}
    timezone({{ zone }}, make_timestamptz({{ micros }} - {{ micros }} % 1000000))
{%- endmacro %}

{% macro spark__shown_instant(micros, zone) -%}
    cast(from_utc_timestamp(timestamp_micros({{ micros }} - {{ micros }} % 1000000), {{ zone }}) as timestamp_ntz)
{%- endmacro %}

{# The TIMESTAMP so many minutes after a DATE begins, by the clock. #}
{% macro minutes_into(day, minutes) -%}
    {{ return(adapter.dispatch('minutes_into', 'retention')(day, minutes)) }}
{%- endmacro %}

{% macro duckdb__minutes_into(day, minutes) -%}
    (cast({{ day }} as timestamp) + to_minutes(cast({{ minutes }} as bigint)))
{%- endmacro %}

{% macro spark__minutes_into(day, minutes) -%}
    timestampadd(minute, {{ minutes }}, cast({{ day }} as timestamp_ntz))
{%- endmacro %}

{# Whole minutes of a count of microseconds, cut off; below 0 counts as 0, null stays null. #}
{% macro whole_minutes(micros) -%}
    cast(case when {{ micros }} < 0 then 0 else ({{ micros }} - {{ micros }} % 60000000) / 60000000 end as integer)
{%- endmacro %}
