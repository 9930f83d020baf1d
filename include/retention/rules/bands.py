"""Bands of R, F and M, and segments of their scores: whether every customer gets one, and every row can give one."""

from collections.abc import Iterator

MEASURES = ("recency", "frequency", "monetary")


def band_checks() -> Iterator[str]:
    """Queries of single rows that cannot be."""
    yield f"""
        select 'rfm_bands' as seed, line, profile, 'measure ' || said(measure) || ' is unknown. Use one of '
            || {", ".join(MEASURES)!r} || '.' as problem
        from rfm_bands where measure not in {MEASURES}
    """
    yield """
        select 'rfm_bands' as seed, line, profile, 'the bound of recency has unit ' || said(coalesce(unit, ''))
            || '. Write months or days.' as problem
        from rfm_bands where measure = 'recency' and bound is not null and coalesce(unit, '') not in ('months', 'days')
    """
    for score in ("r", "f", "m"):
        yield f"""
            select 'rfm_segments' as seed, line, profile, 'scores run from 1 to 5, and {score}_min ' || {score}_min
                || ' to {score}_max ' || {score}_max || ' is no such range. Write the lower one first.' as problem
            from rfm_segments
            where not (try_cast({score}_min as integer) >= 1 and try_cast({score}_max as integer) <= 5
                and try_cast({score}_min as integer) <= try_cast({score}_max as integer))
        """


def whole_band_checks() -> Iterator[str]:
    """Queries of bands that do not follow one another, and of scores without a segment."""
    yield f"""
        select 'rfm_bands' as seed, null as line, 'all' as profile,
            'profile all has no band of ' || measure || '. Add its bands.' as problem
        from (select unnest({list(MEASURES)}) as measure)
        where measure not in (select measure from rfm_bands where profile = 'all' and measure is not null)
    """
    yield """
        with readable as (
            select line, profile, measure, try_cast(band as integer) as band, try_cast(bound as double) as bound,
                bound as written, if(measure = 'recency', if(unit = 'months', 30.4, 1), -1) as days,
                bound is not null and try_cast(bound as double) is null or try_cast(band as integer) is null
                    as is_broken
            from rfm_bands
        ),
        sound as (
            select *, lag(band) over (downward) as above, lag(bound * days) over (downward) as reach_above,
                lag(written) over (downward) as written_above, lead(band) over (downward) is null as is_lowest,
                lag(written is null) over (downward) as is_behind_rest
            from readable
            window downward as (partition by profile, measure order by band desc, line)
            qualify not bool_or(is_broken) over (partition by profile, measure)
        )
        select 'rfm_bands' as seed, line, profile, 'band ' || band || ' of ' || measure || case
            when band != above - 1 and band != above
                then ' does not follow band ' || above || '. Number the bands of a measure without a gap.'
            when is_behind_rest
                then ' is never reached: band ' || above || ' has no bound and takes all. '
                    || 'Leave the bound of the lowest empty.'
            when bound * days <= reach_above
                then ' is never reached: its bound ' || written || ' lies within that of band ' || above || ', '
                    || written_above || '. '
                    || if(measure = 'recency', 'A lower band holds a longer time.', 'A lower band has a lower bound.')
            when is_lowest and bound is not null
                then ' is the lowest and has a bound: who does not reach it would have no band. Add a row below it '
                    || 'without a bound: ' || profile || ',' || measure || ',' || (band - 1) || ',,,,The rest'
            end as problem
        from sound
        where problem is not null
    """
    yield """
        with cells as (
            select r.score as r, f.score as f, m.score as m
            from generate_series(1, 5) as r (score)
            cross join generate_series(1, 5) as f (score)
            cross join generate_series(1, 5) as m (score)
        ),
        held as (
            select segments.profile, max(segments.line) as line, count(distinct (r, f, m)) as cells
            from rfm_segments as segments
            left join cells on r between try_cast(r_min as integer) and try_cast(r_max as integer)
                and f between try_cast(f_min as integer) and try_cast(f_max as integer)
                and m between try_cast(m_min as integer) and try_cast(m_max as integer)
            group by segments.profile
        )
        select 'rfm_segments' as seed, line, profile,
            (125 - cells) || ' of the 125 combinations of scores have no segment in profile ' || profile || '. '
                || 'Widen a range, or end with a row of 1 to 5 three times.' as problem
        from held where cells < 125
    """
