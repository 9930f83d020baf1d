"""All problems of the rule seeds at once, in well under a second: no dbt, no data."""

from collections.abc import Callable, Iterable
from pathlib import Path

import duckdb

from retention.errors import BuildFailedError
from retention.rules.alerts import alert_checks, whole_alert_checks
from retention.rules.bands import band_checks, whole_band_checks
from retention.rules.board import board_checks
from retention.rules.conditions import condition_checks, make_conditions, scheme_checks
from retention.rules.contacts import contact_checks, template_problems, whole_contact_checks
from retention.rules.declared import (
    declared_alert_metrics,
    declared_board_metrics,
    declared_churn_signals,
    declared_factors,
    declared_metrics,
    declared_seeds,
    declared_target_metrics,
)
from retention.rules.factors import factor_checks, whole_factor_checks
from retention.rules.names import name_checks
from retention.rules.parameters import parameter_checks, whole_parameter_checks
from retention.rules.problems import Problem
from retention.rules.program import program_checks, whole_program_checks
from retention.rules.reading import read_seeds
from retention.rules.retained import retained_checks, whole_retained_checks
from retention.rules.service import service_checks, whole_service_checks
from retention.rules.targets import target_checks, whole_target_checks
from retention.rules.values import value_checks

MACROS = """
    create macro said(word) as '''' || word || '''';
    create macro alike(name, word) as jaro_winkler_similarity(name, coalesce(word, ''));
    create macro meant(names, word) as if(
        coalesce(list_max(list_transform(names, lambda name: alike(name, word))), 0) >= 0.75,
        'Did you mean ' || list_reduce(names, lambda a, b: if(alike(b, word) > alike(a, word), b, a)) || '?',
        'Known are: ' || array_to_string(list_sort(list_distinct(names)), ', ') || '.'
    );
"""


def check_rules(project_dir: Path) -> list[Problem]:
    """Every problem of the seeds that people edit, in the order of files and lines.

    Where rows of a file cannot be read, what needs whole files (gaps between ranks, codes without a name) is left for
    when they can be: it would be told of rows that are there.

    Raises:
        SettingsError: the project's own declarations cannot be read.
    """
    dbt_dir = project_dir / "dbt_project"
    seeds = declared_seeds(dbt_dir)
    parameters = next((seed.parameters for seed in seeds if seed.parameters), {})
    events = next((seed.events for seed in seeds if seed.events), {})
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(MACROS)
        problems = read_seeds(connection, dbt_dir, seeds)
        is_whole = not problems
        for statement in make_conditions(declared_metrics(dbt_dir)):
            connection.execute(statement)
        queries = [*value_checks(seeds), *condition_checks(), *band_checks(), *parameter_checks(parameters)]
        queries += [*factor_checks(declared_factors(dbt_dir)), *retained_checks(), *service_checks()]
        metrics = declared_target_metrics(dbt_dir)
        queries += [*contact_checks(events), *target_checks(metrics)]
        queries += board_checks(declared_board_metrics(dbt_dir))
        queries += program_checks(metrics, declared_churn_signals(dbt_dir))
        queries += alert_checks(declared_alert_metrics(dbt_dir))
        if is_whole:
            queries += whole_alert_checks()
            queries += [*scheme_checks(), *whole_band_checks(), *whole_parameter_checks(parameters), *name_checks()]
            queries += [*whole_factor_checks(), *whole_retained_checks(), *whole_service_checks()]
            queries += [*whole_contact_checks(), *whole_target_checks(), *whole_program_checks()]
            problems += template_problems(connection, events)
        problems += _found(connection, queries)
    return sorted(set(problems), key=lambda one: (one.seed, one.line or 0, one.text))


def _found(connection: duckdb.DuckDBPyConnection, queries: Iterable[str]) -> list[Problem]:
    rows = " union all ".join(f"from ({query})" for query in queries)
    found = connection.execute(
        f"select seed, line, nullif(profile, '') as profile, problem from ({rows}) where problem is not null"
    )
    return [Problem(seed, line, profile, text) for seed, line, profile, text in found.fetchall()]


def stop_on_broken_rules(project_dir: Path, profile: str, say: Callable[[str], None]) -> None:
    """Refuse to run on rules that are broken for a profile; those of other profiles are counted alone.

    Raises:
        BuildFailedError: with every problem on a line of its own.
    """
    problems = check_rules(project_dir)
    own = [one for one in problems if one.stops(profile)]
    if own:
        told = "".join(f"\n  {one}" for one in own)
        count = "1 problem" if len(own) == 1 else f"{len(own)} problems"
        raise BuildFailedError(
            f"The rules have {count}, so nothing was built.", f"Mend them; retention rules check tells all:{told}"
        )
    if problems:
        say(f"warning: rules of other profiles have problems ({len(problems)}): retention rules check")
