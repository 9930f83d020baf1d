{% set kinds = ['registration', 'email', 'phone'] %}
{% set columns = {'registration': 'registration_no_hash', 'email': 'email_hash', 'phone': 'phone_hash'} %}

with profiles as (

    select
        customer_id,
        registration_no_hash,
        email_hash,
        phone_hash
    from {{ ref('stg_customers') }}

),

-- Most keys are one profile's alone. They are told by a number made of the key, and only the others are looked at.
numbered as (

    select
        {% for kind in kinds %}
        case when profiles.{{ columns[kind] }} is not null then {{ key_hash([columns[kind]], 'profiles') }} end
            as {{ kind }}_number,
        {% endfor %}
        profiles.customer_id
    from profiles

),

keys_held as (

    {{ stacked('numbered', ['customer_id'], [
        {'key_kind': "'registration'", 'key_number': 'registration_number'},
        {'key_kind': "'email'", 'key_number': 'email_number'},
        {'key_kind': "'phone'", 'key_number': 'phone_number'},
    ]) }}

),

shared as (

    select
        key_kind,
        key_number
    from keys_held
    where key_number is not null
    group by key_kind, key_number
    having count(*) > 1

),

holders as (

    select distinct keys_held.customer_id
    from keys_held
    inner join shared on keys_held.key_kind = shared.key_kind and keys_held.key_number = shared.key_number

),

split_customers as (

    select distinct customer_id from {{ ref('int_identity_decisions') }}
    where decided_action = 'split'

),

-- A profile that was decided to stand alone lends its keys to nobody.
candidates as (

    select
        customers.customer_id,
        customers.customer_type,
        customers.name_hash,
        customers.registration_no_hash,
        customers.email_hash,
        customers.phone_hash,
        customers.registration_no_hash is not null as has_registration
    from {{ ref('stg_customers') }} as customers
    inner join holders on customers.customer_id = holders.customer_id
    left join split_customers on customers.customer_id = split_customers.customer_id
    where split_customers.customer_id is null

),

held as (

    {{ stacked('candidates', ['customer_id', 'customer_type', 'name_hash', 'has_registration'], [
        {'key_kind': "'registration'", 'key_hash': 'registration_no_hash'},
        {'key_kind': "'email'", 'key_hash': 'email_hash'},
        {'key_kind': "'phone'", 'key_hash': 'phone_hash'},
    ]) }}

),

sized as (

    select
        *,
        cast(count(*) over (partition by key_kind, key_hash) as integer) as key_size,
        coalesce(
            min(name_hash) over (partition by key_kind, key_hash)
            < max(name_hash) over (partition by key_kind, key_hash),
            false
        ) as has_several_names,
        count(name_hash) over (partition by key_kind, key_hash) between 1
        and count(*) over (partition by key_kind, key_hash) - 1 as has_some_nameless,
        max(case when customer_type = 'company' then 1 else 0 end) over (partition by key_kind, key_hash) = 1
            as has_company
    from held
    where key_hash is not null

),

judged as (

    select
        sized.*,
        sized.key_size > profile.identity_max_key_size as is_too_common,
        -- A registration number is evidence enough. A telephone is often a household's: it links those that agree in
        -- the name, or all of those who have none. An e-mail address seldom is: where it is trusted alone, names have
        -- to agree for companies only, and a missing one contradicts nobody.
        (
            sized.key_kind = 'phone'
            and profile.identity_phone_evidence = 'name'
            and (sized.has_several_names or sized.has_some_nameless)
        )
        or (
            sized.key_kind = 'email'
            and (profile.identity_email_evidence = 'name' or sized.has_company)
            and sized.has_several_names
        ) as needs_name
    from sized
    cross join {{ ref('int_profile') }} as profile
    where sized.key_size > 1

),

linked as (

    select
        customer_id,
        customer_type,
        has_registration,
        key_kind,
        key_hash,
        key_size,
        is_too_common,
        case
            when is_too_common then null
            when needs_name then key_kind || ':' || key_hash || ':' || name_hash
            else key_kind || ':' || key_hash
        end as link_id
    from judged

)

select * from linked
