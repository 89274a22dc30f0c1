"""The cheapest of the largest flows through a small network: what ``covering`` chooses requests with."""

from collections import deque
from collections.abc import Hashable


class Flow:
    """Arcs with whole capacities and costs that are not negative.

    Successive shortest paths: each path found is the cheapest there is, so the flow is the cheapest of its size
    (Ahuja, Magnanti and Orlin, "Network Flows", 1993, section 9.7).
    """

    def __init__(self) -> None:
        self._heads: list[Hashable] = []
        self._left: list[int] = []
        self._costs: list[int] = []
        self._arcs: dict[Hashable, list[int]] = {}

    def add(self, tail: Hashable, head: Hashable, capacity: int, cost: int) -> None:
        """Add an arc from ``tail`` to ``head``; its way back stands beside it under the next number."""
        for start, end, room, price in ((tail, head, capacity, cost), (head, tail, 0, -cost)):
            self._arcs.setdefault(start, []).append(len(self._heads))
            self._heads.append(end)
            self._left.append(room)
            self._costs.append(price)

    def run(self, source: Hashable, sink: Hashable) -> int:
        """Send as much as fits from ``source`` to ``sink``, at the least cost; return how much that is."""
        sent = 0
        while path := self._cheapest(source, sink):
            room = min(self._left[arc] for arc in path)
            for arc in path:
                self._left[arc] -= room
                self._left[arc ^ 1] += room
            sent += room
        return sent

    def used(self, tail: Hashable, head: Hashable) -> bool:
        """Return whether anything flows from ``tail`` to ``head``."""
        return any(self._heads[arc] == head and not arc % 2 and self._left[arc ^ 1] for arc in self._arcs.get(tail, ()))

    def _cheapest(self, source: Hashable, sink: Hashable) -> list[int]:
        """Return the arcs of the cheapest path with room; [] where there is none."""
        price, came_by = {source: 0}, {}
        waiting, is_waiting = deque([source]), {source}
        while waiting:
            tail = waiting.popleft()
            is_waiting.discard(tail)
            for arc in self._arcs.get(tail, ()):
                head, total = self._heads[arc], price[tail] + self._costs[arc]
                if self._left[arc] and (head not in price or total < price[head]):
                    price[head], came_by[head] = total, arc
                    if head not in is_waiting:
                        waiting.append(head)
                        is_waiting.add(head)
        path: list[int] = []
        while sink in came_by and (not path or self._heads[path[-1] ^ 1] != source):
            path.append(came_by[sink if not path else self._heads[path[-1] ^ 1]])
        return path
