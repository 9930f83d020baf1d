"""What counts as retained: definitions, and ranges of days since the first purchase that follow one another."""

from collections.abc import Iterator

BASES = ("period", "bracket")


def retained_checks() -> Iterator[str]:
    """Queries of single rows that count nobody."""
    yield f"""
        select 'retention_definitions' as seed, line, null as profile, 'basis ' || said(basis) || ' of ' || definition
            || ' is unknown. Write {" or ".join(BASES)}.' as problem
        from retention_definitions where basis not in {BASES}
    """
    yield """
        select 'retention_brackets' as seed, line, profile, 'bracket ' || bracket_number || ' begins at day '
            || from_days || '. Write 0, the day of the first purchase, or a later day.' as problem
        from retention_brackets where try_cast(from_days as integer) < 0
    """
    yield """
        select 'retention_brackets' as seed, line, profile, 'bracket ' || bracket_number || ' ends at day '
            || until_days || ', before its first, ' || from_days || '. Write the earlier day as from_days.' as problem
        from retention_brackets where try_cast(until_days as integer) < try_cast(from_days as integer)
    """


def whole_retained_checks() -> Iterator[str]:
    """Queries of brackets that do not follow one another, and of definitions that are named and have no row.

    Of brackets whose days or numbers are no numbers, or which end before they begin, that alone is told.
    """
    yield """
        with readable as (
            select line, profile, try_cast(bracket_number as integer) as number,
                try_cast(from_days as integer) as first_day, try_cast(until_days as integer) as last_day
            from retention_brackets
        ),
        sound as (
            select *, lag(number) over (upward) as before, lag(last_day) over (upward) as last_before
            from readable
            window upward as (partition by profile order by number, line)
            qualify bool_and(coalesce(number is not null and first_day <= last_day, false))
                over (partition by profile)
        )
        select 'retention_brackets' as seed, line, profile, 'bracket ' || number || ' begins at day ' || first_day
            || case
                when first_day <= last_before
                    then ', and bracket ' || before || ' ends at day ' || last_before || ': no day can be in both. '
                        || 'Number the brackets in the order of their days, each from the day after the last.'
                when first_day > last_before + 1
                    then ', and bracket ' || before || ' ends at day ' || last_before || ': who comes between them '
                        || 'is in no bracket. Let it begin at day ' || (last_before + 1) || '.'
            end as problem
        from sound
        where number != before and problem is not null
    """
    yield """
        select 'retention_definitions' as seed, null as line, null as profile, 'definition ' || code
            || ' has a name in labels.csv and no row. Restore its row: tables and pages ask for it.' as problem
        from labels
        where code_set = 'cohort_definition'
            and code not in (select definition from retention_definitions where definition is not null)
    """
