"""Counting many things at once."""

from django.db.models import IntegerField, QuerySet, Subquery


class CountOf(Subquery):
    """How many rows a query finds, as a column: several counts come in one journey to the database."""

    template = "(SELECT count(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()

    def __init__(self, rows: QuerySet) -> None:
        plain = rows.order_by()
        super().__init__(plain if plain.query.values_select else plain.values("pk"))
