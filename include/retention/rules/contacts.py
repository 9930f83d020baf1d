"""Contacts: policies, triggers and channels that name what there is, and templates that can be filled."""

from collections.abc import Iterator, Mapping, Sequence

import duckdb
from jinja2 import TemplateSyntaxError
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import SandboxedEnvironment

from retention.languages import LANGUAGES
from retention.rules.problems import Problem
from retention.sql import literal

PERIODS = ("week", "fortnight", "month", "quarter", "half_year", "none")
OF_POLICIES = ("tier",)
"""Fields of a contact by cadence; those of a trigger are its event's."""
OF_ALL = frozenset({"customer_id", "due_on", "channel"})


def contact_checks(events: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Queries of single rows of policies and triggers.

    Args:
        events: the events that a trigger can follow, with their fields.
    """
    known = ", ".join(literal(one) for one in events)
    yield f"""
        select 'contact_triggers' as seed, line, profile, 'event ' || said(event) || ' is unknown. '
            || meant([{known}], event) as problem
        from contact_triggers where event not in ({known})
    """
    yield """
        select 'contact_triggers' as seed, line, profile, 'trigger ' || trigger || ' names ' ||
            if(tier is null, 'a scheme without a tier', 'a tier without its scheme') || '. Fill in both or neither.'
            as problem
        from contact_triggers where (scheme is null) != (tier is null)
    """
    yield """
        select 'contact_triggers' as seed, line, profile, 'trigger ' || trigger || ' is valid for ' || valid_for_days
            || ' days. Write a number from 0 to 366.' as problem
        from contact_triggers where not try_cast(valid_for_days as integer) between 0 and 366
    """
    yield """
        select 'contact_triggers' as seed, line, profile, 'trigger ' || trigger || ' comes ' || offset_days
            || ' days after its event, later than within ' || within_hours || ' hours. Write fewer days.' as problem
        from contact_triggers where try_cast(within_hours as integer) < 24 * try_cast(offset_days as integer)
    """
    # A complaint is compared by its priority: a severity written here would never be met.
    yield """
        select 'contact_triggers' as seed, named.line, named.profile, 'trigger ' || named.trigger || ' names severity '
            || said(named.word) || ', which severity_map.csv reads as ' || any_value(known.priority) || '. Write '
            || any_value(known.priority) || '.' as problem
        from (
            select line, profile, trigger, trim(unnest(string_split(event_values, ';'))) as word
            from contact_triggers where event = 'complaint'
        ) as named
        inner join severity_map as known on lower(named.word) = lower(trim(known.source_severity))
        where not exists (select 1 from severity_map as other where lower(other.priority) = lower(named.word))
        group by named.line, named.profile, named.trigger, named.word
    """
    yield f"""
        select 'service_policy_rules' as seed, line, profile, 'period ' || said(period) || ' is unknown. Write '
            || '{" or ".join(PERIODS)}.' as problem
        from service_policy_rules where period not in {PERIODS}
    """
    yield """
        select 'service_policy_rules' as seed, line, profile, 'policy ' || policy || ' has ' || contacts
            || ' contacts a ' || period || '. ' || if(period = 'none', 'Write 0, or a period.', 'Write 1 to 31.')
            as problem
        from service_policy_rules
        where try_cast(contacts as integer) not between if(period = 'none', 0, 1) and if(period = 'none', 0, 31)
    """


def whole_contact_checks() -> Iterator[str]:
    """Queries of channels, templates and tiers that are named and are not there."""
    for seed, code in (("service_policy_rules", "policy"), ("contact_triggers", "trigger")):
        yield f"""
            select '{seed}' as seed, line, profile, 'channel ' || said(channel) || ' of ' || {code}
                || ' is unknown. Did you mean '
                || (select arg_max(known.channel, alike(known.channel, {seed}.channel)) from contact_channels as known)
                || '? Else add it to contact_channels.csv.' as problem
            from {seed}
            where channel != 'preferred' and channel not in (
                select known.channel from contact_channels as known where known.channel is not null
            )
        """
        yield f"""
            select '{seed}' as seed, line, profile, 'template ' || said(template) || ' of ' || {code}
                || ' has no text in language ' || language
                || '. Did you mean '
                || (select arg_max(known.template, alike(known.template, {seed}.template)) from contact_templates
                    as known)
                || '? Else add its row to contact_templates.csv.' as problem
            from {seed} cross join (select unnest({list(LANGUAGES)}) as language) as languages
            where not exists (
                select 1 from contact_templates as known
                where known.template = {seed}.template and known.language = languages.language
            )
        """
        yield f"""
            select '{seed}' as seed, line, profile, 'no rule of scheme ' || said(scheme) || ' gives tier ' || said(tier)
                || ', so that ' || {code} || ' is nobody''s. Correct scheme or tier.' as problem
            from {seed}
            where scheme is not null and not exists (
                select 1 from tier_rules
                where tier_rules.scheme = {seed}.scheme
                    and (tier_rules.tier = {seed}.tier or starts_with(tier_rules.tier, '{{'))
            )
        """


def template_problems(connection: duckdb.DuckDBPyConnection, events: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
    """What is wrong with the words of templates, and with the fields that they ask of who uses them."""
    needed: dict[str, set[str]] = {}
    found = connection.execute("select line, template, language, subject, body, fields from contact_templates")
    for line, template, language, subject, body, fields in found.fetchall():
        named = {one.strip() for one in (fields or "").split(";") if one.strip()}
        needed.setdefault(template, set()).update(named)
        if language not in LANGUAGES:
            told = f"language '{language}' is unknown. Write {' or '.join(LANGUAGES)}."
            yield Problem("contact_templates", line, None, told)
        for part, text in (("subject", subject), ("body", body)):
            yield from _text_problems(line, template, part, text or "", named)
    users = connection.execute("""
        select 'service_policy_rules', line, profile, policy, template, null from service_policy_rules
        where period != 'none'
        union all
        select 'contact_triggers', line, profile, trigger, template, event from contact_triggers
        order by all
    """)
    for seed, line, profile, code, template, event in users.fetchall():
        offered = OF_POLICIES if event is None else events.get(event, ())
        lacking = sorted(needed.get(template, set()) - set(offered))
        if lacking:
            known = ", ".join(offered) or "no field"
            told = (
                f"template {template} needs {', '.join(lacking)}, and {code} has {known}. "
                "Choose another template, or mend its text and fields."
            )
            yield Problem(seed, line, profile, told)


def _text_problems(line: int, template: str, part: str, text: str, named: set[str]) -> Iterator[Problem]:
    try:
        used = find_undeclared_variables(SandboxedEnvironment().parse(text))
    except TemplateSyntaxError as error:
        why = (error.message or "").rstrip(".")  # some of Jinja's sentences end, some do not
        told = f"the {part} of {template} is no Jinja: {why}. Write fields as {{{{ name }}}}."
        yield Problem("contact_templates", line, None, told)
        return
    unknown = sorted(used - named - OF_ALL)
    if unknown:
        told = (
            f"the {part} of {template} uses {', '.join(unknown)}, which column fields does not name. "
            "Add it there, or correct the name."
        )
        yield Problem("contact_templates", line, None, told)
        return
    try:
        SandboxedEnvironment().from_string(text).render(dict.fromkeys(used, "1"))
    except Exception as error:  # whatever an expression raises is a mistake in the template
        why = str(error).rstrip(".")
        told = f"the {part} of {template} cannot be filled: {why}. Fields are texts: {{{{ name | int }}}} is a number."
        yield Problem("contact_templates", line, None, told)
