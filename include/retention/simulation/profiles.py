"""The customer master as staff keep it: holes, second profiles of one customer, phones that several share.

A profile's number `x` is its customer's `i`, or beyond the customers for second and third ones. All personal data are
made up: mail addresses lie in domains that RFC 2606 reserves for examples, registration numbers name a district 0000
that does not exist; phone numbers have the form of real ones, since they are to be normalised as such.
"""

import duckdb

from retention.simulation.company import Company, instant
from retention.simulation.deliveries import wait
from retention.simulation.draws import Draws
from retention.simulation.flavours import GIVEN, SURNAMES
from retention.simulation.orders import CURRENCIES, CUSTOMER_ID

SWITCHBOARD_SIZE = 12  # profiles that share one switchboard's number
THIRD_SHARE = 0.25  # of customers with a second profile
UPDATED_SHARE, OPTED_OUT_SHARE, CONSENT_SHARE, STRATEGIC_SHARE = 0.2, 0.06, 0.88, 0.02
PREFIXES = ["134", "135", "138", "139", "150", "158", "186", "188", "131", "199"]
PERSON_KINDS, COMPANY_KINDS = ["phone", "email", "phone and email"], ["phone", "email", "registration"]
PLACES, TRADES = ["华东", "华南", "江北", "西岭"], ["机械", "化工", "食品", "物流", "电子"]
DOMAINS = ["example.com", "example.net", "example.org"]


def draw_second_profiles(connection: duckdb.DuckDBPyConnection, company: Company) -> None:
    """Tables `shared` (who shares a phone) and `second_profiles` (by customer: number and first day of the others).

    A second profile shares phone, mail or registration number with the first, in another spelling. A third one shares
    with the second alone what that does not share with the first: only a chain leads from it to the first.
    """
    n = company.customers
    kinds = PERSON_KINDS if company.trade.customer_type == "person" else COMPANY_KINDS
    d, share = company.draws("customer", "i"), company.flaws.shared_phones
    group = company.draws("switchboard", f"i // {SWITCHBOARD_SIZE}").happens("shared", share / 2)
    pair = company.draws("household", "i // 2").happens("shared", share / 2)
    connection.execute(f"""
        create table shared as
        select i, case when {group} then 'switchboard' else 'household' end as kind,
            case when {group} then i // {SWITCHBOARD_SIZE} else i // 2 end as number
        from lives where {group} or ({pair} and not {group})""")
    connection.execute(f"""
        create table second_profiles as
        with chosen as (
            select i, first_day, seen_to, {d.happens("third", THIRD_SHARE)} as has_third, {d.choice("kind", kinds)} as
                kind,
                first_day + cast(floor({d.uniform("second day")} * (seen_to - first_day + 1)) as integer) as second_day
            from lives
            where {d.happens("second", company.flaws.duplicates)} and i not in (select i from shared)
        )
        select i, kind, {n} + 2 * i as second, second_day, if(has_third, {n} + 2 * i + 1, null) as third,
            if(has_third, second_day + cast(floor({d.uniform("third day")} * (seen_to - second_day + 1)) as integer),
                null)
                as third_day
        from chosen""")


def wait_customers(connection: duckdb.DuckDBPyConnection, company: Company) -> None:
    """Every profile at its registration, and those that were changed later once more."""
    _draw_profiles(connection, company)
    d = company.draws("profile", "x")
    wait(connection, "customers", f"""
        with versions as (
            select *, 0 as version, registered as known, registered as changed from profiles
            union all
            select *, 1, later, later from profiles where is_updated
        ),
        worded as (
            select *, {_hole(d, company, "need_tags")} and version = 0 as lacks_needs, {_opted_out(d)} as is_opted_out,
                {instant(company, "registered", d.integer("registered at", 28_800, 50_400))} as registered_at,
                {instant(company, "changed", d.integer("changed at", 30_000, 50_000))} as changed_at
            from versions
        )
        select {CUSTOMER_ID} as customer_id, '{company.trade.customer_type}' as customer_type, name, contact_name,
            contact_title, phone, email, registration_no, industry, company_size, region, birthday, registered_at,
            account_owner, source_channel, preferred_channel, if(lacks_needs, null, need_tags) as need_tags,
            strategic_label, consent_marketing, if(consent_marketing is null, null, registered_at) as consent_at,
            if(version = 1 and is_opted_out, changed_at, null) as opted_out_at,
            greatest(registered_at, if(version = 1, changed_at, registered_at)) as updated_at,
            x * 2 + version as _at, greatest(0, known) as _delivered
        from worded""")  # fmt: skip


def _opted_out(d: Draws) -> str:
    return d.happens("opted out", OPTED_OUT_SHARE / UPDATED_SHARE)


def _hole(d: Draws, company: Company, column: str, times: float = 1) -> str:
    """Whether nobody has filled in a value."""
    return d.happens(f"hole in {column}", min(1.0, company.flaws.holes * times))


def phone(x: str) -> str:
    """SQL of a mobile number that only profile x has: its nine free digits are x times a number prime to ten."""
    digits = f"(({x}) * 387420489 + 123456789) % 1000000000"
    return f"{PREFIXES}[1 + {digits} // 100000000] || lpad(({digits} % 100000000)::varchar, 8, '0')"


def email(x: str) -> str:
    """SQL of the mail address that only profile x has."""
    return f"'user' || ({x}) || '@' || {DOMAINS}[1 + ({x}) % {len(DOMAINS)}]"


def registration(x: str) -> str:
    """SQL of the registration number that only company x has."""
    return f"'91000000' || lpad((({x}) * 7919 % 1000000000)::varchar, 9, '0') || chr(cast(65 + ({x}) % 8 as integer))"


def respelt_phone(text: str, d: Draws) -> str:
    """SQL of the same phone number as another person would write it."""
    spaced = f"substr({text}, 1, 3) || ' ' || substr({text}, 4, 4) || ' ' || substr({text}, 8)"
    wide = f"translate({text}, '0123456789', '０１２３４５６７８９')"
    return f"""case {d.integer("phone spelling", 0, 5)} when 0 then '+86' || {text} when 1 then '+86 ' || {spaced}
        when 2 then {spaced} when 3 then {wide} else replace({spaced}, ' ', '-') end"""


def _draw_profiles(connection: duckdb.DuckDBPyConnection, company: Company) -> None:
    """Table `profiles`: all columns of every profile, and when it is changed."""
    trade, d = company.trade, company.draws("profile", "x")
    p = company.draws("customer", "i")
    is_company = trade.customer_type == "company"
    # What stands in a link column: the number of the profile whose value it is.
    connection.execute("""
        create or replace temp table links as
        select i, i as x, lives.registered, i as phone_of, i as email_of, i as registration_of, 1 as nth from lives
        union all
        select i, second, second_day, if(kind in ('phone', 'phone and email'), i, second),
            if(kind in ('email', 'phone and email'), i, second), if(kind = 'registration', i, second), 2
        from second_profiles
        union all
        select i, third, third_day, if(kind = 'email', second, third),
            case kind when 'email' then third when 'phone and email' then i else second end, third, 3
        from second_profiles where third is not null""")
    person = f"{SURNAMES}[1 + {p.integer('surname', 0, len(SURNAMES))}] || {GIVEN}[1 + i % {len(GIVEN)}]"
    place, trade_name = p.choice("city", PLACES), p.choice("trade", TRADES)
    firm = f"'示例' || {place} || {trade_name} || i || '有限公司'"
    switchboard = "'010-6' || lpad(number::varchar, 7, '0')"
    own_phone = f"""case shared.kind when 'switchboard' then {switchboard}
        when 'household' then {phone("2 * number")} else {phone("phone_of")} end"""
    connection.execute(f"""
        create or replace temp table profiles as
        with linked as (
            select links.*, lives.region, lives.channel, lives.rate, lives.spend,
                shared.kind is not null or second_profiles.i is not null as is_planted,
                {own_phone} as plain_phone, {email("email_of")} as plain_email,
                {registration("registration_of")} as plain_registration, {person} as person, {firm} as firm,
                links.registered + {d.integer("changed", 1, 400)} as later
            from links join lives using (i) left join shared using (i) left join second_profiles using (i)
        )
        select x, i, nth, registered, later, {d.happens("updated", UPDATED_SHARE)} as is_updated,
            if({_hole(d, company, "name", 0.5)}, null, {"firm" if is_company else "person"}) as name,
            if({_hole(d, company, "contact_name")}, null, person) as contact_name,
            {d.weighted("title", {"buyer": 4, "manager": 3, "director": 1}) if is_company else "null::varchar"} as
                contact_title,
            if(not is_planted and {_hole(d, company, "phone")}, null,
                if(phone_of <> x, {respelt_phone("plain_phone", d)}, plain_phone)) as phone,
            if(not is_planted and {_hole(d, company, "email", 3)}, null,
                if(email_of <> x, ' ' || upper(plain_email), plain_email)) as email,
            {_registration(is_company, d, company)} as registration_no,
            if({_hole(d, company, "industry")}, null, {p.weighted("industry", trade.industries)}) as industry,
            {p.weighted("size", trade.sizes) if is_company else "null::varchar"} as company_size,
            if({_hole(d, company, "region")}, null, region) as region,
            {"null::date" if is_company else f"date '1950-01-01' + {p.integer('birthday', 0, 20_000)}"} as birthday,
            if({_hole(d, company, "owner")}, null, 'owner-' || region || '-' || {p.integer("owner", 1, 3)}) as
                account_owner,
            {p.weighted("source", {"search": 3, "referral": 2, "fair": 1, "advert": 3})} as source_channel,
            {p.weighted("preferred", trade.contact_channels)} as preferred_channel,
            {p.choice("need", [*trade.needs])} || ';' || {p.choice("second need", [*trade.needs])} as need_tags,
            case when rate * spend > {trade.rate * trade.spend * 6} then 'strategic'
                when rate * spend > {trade.rate * trade.spend * 3} then 'high_potential' end as strategic_label,
            if({_hole(d, company, "consent", 0.5)}, null, {d.happens("consent", CONSENT_SHARE)}) as consent_marketing
        from linked""")


def _registration(is_company: bool, d: Draws, company: Company) -> str:
    if not is_company:
        return "null::varchar"
    other = "lower(substr(plain_registration, 1, 8) || ' ' || substr(plain_registration, 9))"
    return f"""if(not is_planted and {_hole(d, company, "registration", 2)}, null,
                if(nth > 1, if(registration_of <> x, {other}, null), plain_registration))"""


def add_currency(connection: duckdb.DuckDBPyConnection, company: Company) -> None:
    """Give every customer the currency that it pays in; null for the books' own."""
    d = company.draws("customer", "i")
    foreign = d.happens("foreign", company.trade.foreign)
    connection.execute(f"""
        create or replace table lives as
        select *, case when {foreign} then {d.choice("currency", list(CURRENCIES))} end as currency from lives order
            by i""")
