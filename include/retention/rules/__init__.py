"""What is wrong with the rows that people edit in `dbt_project/seeds`, told before anything is landed or built."""

from retention.rules.checking import check_rules, stop_on_broken_rules
from retention.rules.problems import Problem

__all__ = ["Problem", "check_rules", "stop_on_broken_rules"]
