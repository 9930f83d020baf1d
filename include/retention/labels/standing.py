"""Where labels stand: as the release shows them, with the reviews that were recorded since.

Reviews are rows of the entity `label_reviews` (decision 40). A release knows those of its loads; a list for people
must know the others too, or they would judge twice what they judged this morning.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

from retention.errors import NotThereError
from retention.landing import Contract, raw_relation_sql
from retention.publication.release import published_file
from retention.runs import Home
from retention.sql import literal

ENTITY = "label_reviews"
NEEDED = ("customer_labels", "customer_merges", "customer_rfm", "dim_customers", "dim_labels")

# As the models read them: stg_label_reviews, int_label_reviews.
REVIEWS = """
    create table reviews as
    select * from ({raw})
    qualify row_number() over (partition by review_id order by _load_seq desc, _line_no desc) = 1
"""
IN_FORCE = """
    create table in_force as
    select
        coalesce(merges.golden_customer_id, reviews.customer_id) as customer_id,
        reviews.label, reviews.rule_version, reviews.review_id, reviews.status, reviews.reviewer
    from reviews
    left join published.marts.customer_merges as merges on reviews.customer_id = merges.customer_id
    qualify row_number() over (
        partition by coalesce(merges.golden_customer_id, reviews.customer_id), reviews.label, reviews.rule_version
        order by reviews.reviewed_at desc, reviews._load_seq desc, reviews._line_no desc
    ) = 1
"""
STANDING = """
    create view standing as
    select
        labels.*, customers.account_owner, customers.region, coalesce(rfm.monetary_12m, 0) as monetary_12m,
        coalesce(in_force.status, 'proposed') as status, in_force.review_id
    from published.marts.customer_labels as labels
    left join published.marts.dim_customers as customers on labels.customer_id = customers.customer_id
    left join published.marts.customer_rfm as rfm on labels.customer_id = rfm.customer_id
    left join in_force
        on labels.customer_id = in_force.customer_id and labels.label = in_force.label
            and labels.rule_version = in_force.rule_version
"""


@dataclass(frozen=True)
class ReviewDesk:
    """Where labels are judged: a home, the contract of reviews, and the business's time zone."""

    home: Home
    contracts: dict[str, Contract]
    timezone: str

    @property
    def contract(self) -> Contract:
        """What a review is."""
        return self.contracts[ENTITY]

    @contextmanager
    def opened(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A database in memory with the release as `published`, and `reviews`, `in_force` and `standing`.

        Raises:
            NotThereError: nothing has been published, or a release of an older program.
        """
        with duckdb.connect() as connection:
            connection.execute(f"attach {literal(published_file(self.home))} as published (read_only)")
            listed = ", ".join(map(literal, NEEDED))
            [(found,)] = connection.execute(
                "select count(*) from (from duckdb_tables() select database_name, schema_name, table_name as name "
                "union all from duckdb_views() select database_name, schema_name, view_name) "
                f"where database_name = 'published' and schema_name = 'marts' and name in ({listed})"
            ).fetchall()
            if found != len(NEEDED):
                raise NotThereError("The published release has no labels.", "Run the pipeline again: retention run.")
            connection.execute(REVIEWS.format(raw=raw_relation_sql(self.home, self.contract)))
            connection.execute(IN_FORCE)
            connection.execute(STANDING)
            yield connection

    def label_names(self, connection: duckdb.DuckDBPyConnection, code_set: str) -> dict[str, dict[str, str]]:
        """English and Chinese names by code."""
        rows = connection.execute(
            f"select code, name_en, name_zh from published.marts.dim_labels where code_set = {literal(code_set)}"
        ).fetchall()
        return {code: {"en": english, "zh": chinese} for code, english, chinese in rows}
