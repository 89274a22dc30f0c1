"""How a process of the web server shares a crowd with the others."""

from typing import Any

from gunicorn.workers.gthread import ThreadWorker


class SharingWorker(ThreadWorker):
    """Leaves new connections to the other processes while all its threads are busy.

    Otherwise whichever process wakes first takes all of a crowd that comes at once, and works it off on one core while
    the others look on. What it leaves waits in the queue of the port, which all of them share.
    """

    in_hand = 0
    """How many requests it has begun, or will as soon as a thread is free."""

    @property
    def worker_connections(self) -> int:
        """Return below how many connections it takes another; its loop asks before it waits for the next event."""
        return self._connections if self.in_hand < self.cfg.threads else 0

    @worker_connections.setter
    def worker_connections(self, most: int) -> None:
        self._connections = most

    def enqueue_req(self, conn: Any) -> None:
        self.in_hand += 1
        super().enqueue_req(conn)

    def finish_request(self, conn: Any, fs: Any) -> None:
        self.in_hand -= 1
        super().finish_request(conn, fs)
