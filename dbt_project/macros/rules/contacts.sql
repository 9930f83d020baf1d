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

{# Whether people make contacts on a day: no quiet weekday and no holiday; a make-up working day is open. #}
{% macro is_open_day(day, holidays, profile) -%}
    coalesce(
        {{ holidays }}.is_working_day,
        position(
            cast({{ iso_weekday(day) }} as {{ dbt.type_string() }}) in {{ profile }}.contact_quiet_weekdays
        ) = 0
    )
{%- endmacro %}

{# Days within which two contacts of a customer are too near each other; read when compiled, as frames take no column. #}
{% macro contact_gap_days() -%}
    {% set rows = seed_rows("profile_parameters", "rule_rows.parameter", ["parameter", "value"]) %}
    {% for row in rows if row.parameter == "contact_gap_days" %}{{ return(row.value | int) }}{% endfor %}
    {{ return(0) }}
{%- endmacro %}

{#
  The channel of a contact: the customer's own where both it and the rule's may stand for each other; null for none. A
  contact that needs a person keeps to channels of persons.
#}
{% macro contact_channel(rule_channel, preferred_channel, rule, preferred) -%}
    case
        when {{ rule_channel }} = 'preferred' then {{ preferred_channel }}
        when
            {{ rule }}.is_exchangeable and {{ preferred }}.is_exchangeable
            and (not {{ rule }}.takes_capacity or {{ preferred }}.takes_capacity)
            then {{ preferred_channel }}
        else {{ rule_channel }}
    end
{%- endmacro %}

{# Whether a person made a touch to one customer: not a campaign, and by a channel that takes a person. #}
{% macro is_personal_touch(touches, channels) -%}
    ({{ touches }}.campaign_id is null and coalesce({{ channels }}.takes_capacity, false))
{%- endmacro %}

{# Whether a touch can be what a contact asks for: by its channel, or one of two that stand for each other (decision 66). #}
{% macro fits_contact(touches, contacts) -%}
    (
        (
            ({{ contacts }}.is_exchangeable and {{ touches }}.is_exchangeable)
            or {{ touches }}.channel = {{ contacts }}.channel
        )
        and ({{ touches }}.is_personal or not {{ contacts }}.needs_person)
    )
{%- endmacro %}

{# The shorter a policy's period the lower: of touches it takes the first. #}
{% macro period_rank(period) -%}
    case {{ period }} when 'week' then 1 when 'fortnight' then 2 when 'month' then 3 when 'quarter' then 4 else 5 end
{%- endmacro %}

{#
  The policies that owe contacts, each with its number: policies of a scheme take touches in that order, those of shorter
  periods first. SQL of a CTE's body.
#}
{% macro cadences(policies, channels) -%}
    select
        {{ policies }}.scheme,
        {{ policies }}.tier,
        {{ policies }}.policy,
        {{ policies }}.period,
        {{ policies }}.contacts,
        {{ policies }}.channel,
        {{ channels }}.takes_capacity,
        coalesce({{ channels }}.is_exchangeable, false) as is_exchangeable,
        row_number() over (
            partition by {{ policies }}.scheme
            order by
                {{ period_rank(policies ~ '.period') }},
                {{ policies }}.priority,
                {{ policies }}.tier,
                {{ policies }}.policy
        ) as policy_number
    from {{ policies }}
    left join {{ channels }} on {{ policies }}.channel = {{ channels }}.channel
    where {{ policies }}.contacts > 0
{%- endmacro %}

{# Whether a touch can be what a policy asks for; one by the preferred channel asks for the customer's own. #}
{% macro fits_cadence(touches, cadences, customers) -%}
    (
        (
            ({{ cadences }}.is_exchangeable and {{ touches }}.is_exchangeable)
            or {{ touches }}.channel
            = case when {{ cadences }}.channel = 'preferred' then {{ customers }}.preferred_channel else {{ cadences }}.channel end
        )
        and ({{ touches }}.is_personal or not coalesce({{ cadences }}.takes_capacity, false))
    )
{%- endmacro %}

{# The greatest number of policies with contacts that a scheme has; read when compiled. #}
{% macro most_policies() -%}
    {% set rows = seed_rows("service_policy_rules", "rule_rows.scheme", ["scheme", "policy", "contacts"]) %}
    {% set most = namespace(number=1) %}
    {% for name in rows | map(attribute='scheme') | unique %}
        {% set own = rows | selectattr('scheme', 'equalto', name) | rejectattr('contacts', 'equalto', 0) | list %}
        {% set most.number = [most.number, own | length] | max %}
    {% endfor %}
    {{ return(most.number) }}
{%- endmacro %}

{#
  Which touches count for which policy (decision 66): policies of a scheme one after the other, each takes of the touches
  that fit and that none before it has taken the first ones of each period, as many as it asks for. A touch counts once.

  relation: a row per touch, policy and period that it fits, with columns touched_at, touch_id, customer_id, scheme, policy,
  policy_number, period_start, contacts, and those of `kept`. Gives `kept` and counted_number of the touches that count.
#}
{% macro counted_touches(relation, kept) -%}
    {% set columns = (
        ['touched_at', 'touch_id', 'customer_id', 'scheme', 'policy', 'policy_number', 'period_start', 'contacts'] + kept
    ) | unique | join(', ') %}
    with counted_0 as {{ worked_out() }} (
        select {{ columns }}, cast(null as bigint) as counted_number, 0 as is_taken from {{ relation }}
    )
    {%- for number in range(1, most_policies() + 1) %},
    counted_{{ number }} as {{ worked_out() }} (
        select {{ columns }}, counted_number,
            max(case when counted_number is null then 0 else 1 end) over (partition by scheme, touch_id) as is_taken
        from (
            select {{ columns }},
                case
                    when policy_number = {{ number }} and is_taken = 0 and asked_number <= contacts then asked_number
                    else counted_number
                end as counted_number
            from (
                select *,
                    row_number() over (
                        partition by scheme, customer_id, policy_number, period_start, is_taken
                        order by touched_at, touch_id
                    ) as asked_number
                from counted_{{ number - 1 }}
            ) as asked
        ) as answered
    )
    {%- endfor %}
    select {{ kept | join(', ') }}, counted_number from counted_{{ most_policies() }}
    where counted_number is not null
{%- endmacro %}

{# The greatest number of pools (int_cadence_touches) that policies of one scheme can make; read when compiled. #}
{% macro most_pools() -%}
    {% set channels = seed_rows("contact_channels", "rule_rows.channel", ["channel", "takes_capacity", "is_exchangeable"]) %}
    {% set most = namespace(number=1) %}
    {% set rows = seed_rows("service_policy_rules", "rule_rows.scheme", ["scheme", "period", "channel", "contacts"]) %}
    {% for name in rows | map(attribute='scheme') | unique %}
        {% set pools = [] %}
        {% for row in rows | selectattr('scheme', 'equalto', name) | rejectattr('contacts', 'equalto', 0) %}
            {% for own in channels if own.channel == row.channel or row.channel == 'preferred' %}
                {% do pools.append(row.period ~ own.takes_capacity ~ (own.is_exchangeable and row.channel != 'preferred')) %}
            {% else %}
                {% do pools.append(row.period) %}
            {% endfor %}
        {% endfor %}
        {% set most.number = [most.number, pools | unique | list | length] | max %}
    {% endfor %}
    {{ return(most.number) }}
{%- endmacro %}

{#
  Which touch makes which contact by cadence (decision 66): pools of contacts that the same touches fit, one after the
  other, each touch in the order of time takes the first contact that is still open and on the list. It is one behind
  that of the touch before it, or the first that has not left the list: a running maximum instead of a loop. Pools that
  share no touch with another need no turn.

  relation: a row per touch and pool, with columns touched_at, touch_id, touched_on, turn (of the pool), first_open,
  pool_size, and those of `pool`, the pool's key. Gives pool, touch_id, touched_on and taken_number, the contact's number.
#}
{% macro taken_contacts(relation, pool) -%}
    {% set key = pool | join(', ') %}
    {% set columns = key ~ ', touched_at, touch_id, touched_on, turn, first_open, pool_size' %}
    {% set in_turn = 'partition by ' ~ key ~ ', turn, is_taken order by touched_at, touch_id' %}
    with offers as (
        select {{ columns }}, count(*) over (partition by touch_id) as offers from {{ relation }}
    ),
    contested as {{ worked_out() }} (
        select {{ columns }}, 0 as is_taken, max(offers) over (partition by {{ key }}) > 1 as is_contested from offers
    ),
    taken_alone as (
        select {{ columns }},
            asked_number + max(first_open - asked_number) over (
                {{ in_turn }} rows between unbounded preceding and current row
            ) as taken_number
        from (
            select *, row_number() over ({{ in_turn }}) as asked_number
            from contested
            where not is_contested
        ) as numbered
    ),
    taken_0 as {{ worked_out() }} (
        select {{ columns }}, cast(null as bigint) as taken_number, is_taken from contested
        where is_contested
    )
    {%- for number in range(1, most_pools() + 1) %},
    taken_{{ number }} as {{ worked_out() }} (
        select {{ columns }}, taken_number,
            max(case when taken_number is null then 0 else 1 end) over (partition by touch_id) as is_taken
        from (
            select {{ columns }},
                case
                    when turn = {{ number }} and is_taken = 0 and next_number <= pool_size then next_number
                    else taken_number
                end as taken_number
            from (
                select *,
                    asked_number + max(first_open - asked_number) over (
                        {{ in_turn }} rows between unbounded preceding and current row
                    ) as next_number
                from (
                    select *, row_number() over ({{ in_turn }}) as asked_number
                    from taken_{{ number - 1 }}
                ) as numbered
            ) as asked
        ) as answered
    )
    {%- endfor %}
    select {{ key }}, touch_id, touched_on, taken_number from taken_{{ most_pools() }}
    where taken_number is not null
    union all
    select {{ key }}, touch_id, touched_on, taken_number from taken_alone
    where taken_number <= pool_size
{%- endmacro %}

{#
  Which touch makes which contact, of those that no cadence has taken (decision 66): each contact asks for the first touch
  of its days, and of several that ask for one touch the one whose days end first has it; three times over.

  relation: a row per contact and touch that fits it, with columns last_on, priority, touch_id, touched_at, touched_on and
  those of `contact`, the contact's key. Gives key, touch_id and touched_on of the pairs.
#}
{% macro matched_touches(relation, contact) -%}
    {% set columns = (contact + ['last_on', 'priority', 'touch_id', 'touched_at', 'touched_on']) | join(', ') %}
    {% set key = contact | join(', ') %}
    with matched_0 as {{ worked_out() }} (
        select {{ columns }}, 0 as is_matched, 0 as is_settled from {{ relation }}
    )
    {%- for number in range(1, 4) %},
    matched_{{ number }} as {{ worked_out() }} (
        select {{ columns }}, is_matched,
            greatest(
                max(is_matched) over (partition by {{ key }}), max(is_matched) over (partition by touch_id)
            ) as is_settled
        from (
            select {{ columns }},
                case
                    when is_settled = 0 and asked_number = 1 and row_number() over (
                        partition by touch_id, is_settled, case when asked_number = 1 then 1 else 0 end
                        order by last_on, priority, {{ key }}
                    ) = 1 then 1
                    else is_matched
                end as is_matched
            from (
                select *,
                    row_number() over (
                        partition by {{ key }}, is_settled order by touched_at, touch_id
                    ) as asked_number
                from matched_{{ number - 1 }}
            ) as asked
        ) as answered
    )
    {%- endfor %}
    select {{ key }}, touch_id, touched_on from matched_3
    where is_matched = 1
{%- endmacro %}

{#
  Of a customer's contacts that are too near each other the best stays; then those of a week, and of a month, up to the
  caps, beside the touches made before them. CTEs, the last of them `ranked`.

  Before stand `profile`, and `counting` (touches: customer_id, touched_on, in_week and in_month, 1 or 0).
  relation: contacts with their choice_number, the order in which caps are filled; day, month: when they are made;
  day_choice: the column with the order in which a day is, where it is another. `ranked` has all its columns, the number in
  that order of the contact that it gives way to, its number in week and month, the touches there, and `ranking`, why it
  stays out.
#}
{% macro ranked_contacts(relation, day, month, day_choice='choice_number') -%}
    {% set gap = contact_gap_days() %}
touches_before as (

    select
        contacts.customer_id,
        contacts.choice_number,
        sum(
            case
                when {{ week_start('touches.touched_on') }} = {{ week_start('contacts.' ~ day) }} then touches.in_week
                else 0
            end
        ) as week_touches,
        sum(
            case when {{ month_start('touches.touched_on') }} = contacts.{{ month }} then touches.in_month else 0 end
        ) as month_touches
    from {{ relation }} as contacts
    inner join counting as touches on contacts.customer_id = touches.customer_id
    where
        touches.touched_on < contacts.{{ day }}
        and touches.touched_on >= least(contacts.{{ month }}, {{ week_start('contacts.' ~ day) }})
    group by contacts.customer_id, contacts.choice_number

),

met as (

    select
        contacts.*,
        cast(coalesce(touches_before.week_touches, 0) as bigint) as week_touches,
        cast(coalesce(touches_before.month_touches, 0) as bigint) as month_touches,
        min(contacts.{{ day_choice }}) over (
            partition by contacts.customer_id
            order by {{ days_between("date '2000-01-03'", 'contacts.' ~ day) }}
            range between {{ gap }} preceding and {{ gap }} following
        ) as best_number
    from {{ relation }} as contacts
    left join touches_before
        on
            contacts.customer_id = touches_before.customer_id
            and contacts.choice_number = touches_before.choice_number

),

in_weeks as (

    select
        *,
        sum(case when {{ day_choice }} = best_number then 1 else 0 end) over (
            partition by customer_id, {{ week_start(day) }} order by choice_number
            rows between unbounded preceding and current row
        ) as week_number
    from met

),

of_weeks as (

    select
        in_weeks.*,
        profile.contact_month_cap,
        case
            when in_weeks.{{ day_choice }} != in_weeks.best_number then 'lower_priority'
            when in_weeks.week_number + in_weeks.week_touches > profile.contact_week_cap then 'week_cap'
        end as week_ranking
    from in_weeks
    cross join profile

),

in_months as (

    select
        *,
        sum(case when week_ranking is null then 1 else 0 end) over (
            partition by customer_id, {{ month }} order by choice_number
            rows between unbounded preceding and current row
        ) as month_number
    from of_weeks

),

ranked as (

    select
        *,
        case when week_ranking = 'lower_priority' then best_number end as given_way_number,
        coalesce(
            week_ranking, case when month_number + month_touches > contact_month_cap then 'month_cap' end
        ) as ranking
    from in_months

)
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
    {{ rules }}.rule_id || ' ' || {{ rules }}.trigger || ': '
    || case
        when {{ rules }}.offset_days = 0 then 'on the day of'
        else
            {{ as_text('abs(' ~ rules ~ '.offset_days)', 0) }}
            || case when abs({{ rules }}.offset_days) = 1 then ' day ' else ' days ' end
            || case when {{ rules }}.offset_days < 0 then 'before' else 'after' end
    end
    || ' the ' || replace({{ rules }}.event, '_', ' ')
    || case
        when {{ rules }}.event = 'birthday' then ''
        else ' of ' || cast({{ events }}.event_on as {{ dbt.type_string() }})
    end
    || case
        when {{ rules }}.scheme is null then ''
        else ' for ' || {{ rules }}.scheme || ' ' || {{ rules }}.tier || ' of ' || cast({{ tier_on }} as {{ dbt.type_string() }})
    end
{%- endmacro %}

{#
  What keeps a contact out of the calendar, in words; SQL text, null for what its code says whole. The sentences of
  publication/contact_reasons.py name each of them in the reader's language: change both.
#}
{% macro told_exclusion(contacts, profile) -%}
    {% set day = {} %}
    {% for name in ['made_on', 'touched_on', 'given_way_on', 'lapses_on', 'ended_on'] -%}
        {% do day.update({name: 'cast(' ~ contacts ~ '.' ~ name ~ ' as ' ~ dbt.type_string() ~ ')'}) %}
    {% endfor -%}
    case {{ contacts }}.exclusion
        when 'already_contacted'
            then
                case
                    when {{ contacts }}.made_on is not null then 'made on ' || {{ day.made_on }}
                    else coalesce('the customer was contacted on ' || {{ day.touched_on }}, 'contacted shortly before')
                end
        when 'no_longer_due'
            then
                case when {{ contacts }}.is_renewed then 'renewed from ' else 'settled on ' end || {{ day.ended_on }}
        when 'expired' then 'past its last day'
        when 'superseded' then 'the next one was due on ' || {{ day.lapses_on }}
        when 'no_capacity' then 'the days of ' || {{ contacts }}.owner || ' are full'
        when 'lower_priority' then 'gives way to ' || {{ contacts }}.given_way_to || ' of ' || {{ day.given_way_on }}
        when 'week_cap'
            then
                'number ' || {{ as_text(contacts ~ '.week_number', 0) }} || ' of the week beside '
                || {{ as_text(contacts ~ '.week_touches', 0) }}
                || case when {{ contacts }}.week_touches = 1 then ' touch' else ' touches' end
                || ' made, at most ' || {{ as_text(profile ~ '.contact_week_cap', 0) }}
        when 'month_cap'
            then
                'number ' || {{ as_text(contacts ~ '.month_number', 0) }} || ' of the month beside '
                || {{ as_text(contacts ~ '.month_touches', 0) }}
                || case when {{ contacts }}.month_touches = 1 then ' touch' else ' touches' end
                || ' made, at most ' || {{ as_text(profile ~ '.contact_month_cap', 0) }}
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
