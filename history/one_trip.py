"""A connection on which a transaction begins and ends with what is sent anyway: two round trips less for each."""

from django.db.backends.postgresql.base import DatabaseWrapper
from psycopg2.extensions import TRANSACTION_STATUS_IDLE


class OneTrip(DatabaseWrapper):
    """For transactions in which everything is done by ``history.statements.send``, which asks how it begins and ends.

    psycopg would send a BEGIN and a COMMIT of their own. Whether a transaction is open says PostgreSQL.
    """

    def beginning(self) -> list[tuple[str, None]]:
        """Return what the next statements have to begin with."""
        return [] if self._is_open or not self.in_atomic_block else [("BEGIN", None)]

    def ending(self) -> list[tuple[str, None]]:
        """Return what the last statements of a transaction may end with."""
        return [] if self.savepoint_ids or not self.in_atomic_block else [("COMMIT", None)]

    @property
    def _is_open(self) -> bool:
        return self.connection is not None and self.connection.info.transaction_status != TRANSACTION_STATUS_IDLE

    def _set_autocommit(self, autocommit: bool) -> None:
        with self.wrap_database_errors:
            self.connection.autocommit = True  # psycopg's own, whatever Django calls it: nothing is sent

    def _commit(self) -> None:
        self._end("COMMIT")

    def _rollback(self) -> None:
        self._end("ROLLBACK")

    def _end(self, how: str) -> None:
        if self._is_open:
            with self.wrap_database_errors, self.connection.cursor() as cursor:
                cursor.execute(how)
