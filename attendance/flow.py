"""The cheapest of the largest flows through a small network: what ``covering`` chooses requests with."""

from collections import deque
from collections.abc import Hashable
from heapq import heappop, heappush


class Flow:
    """Arcs with whole capacities and costs that are not negative.

    Primal-dual: the cheapest distance is found once for all paths of that price, and all of them are filled together
    (Ahuja, Magnanti and Orlin, "Network Flows", 1993, section 9.8), so the flow is the cheapest of its size.
    """

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._arcs: list[list[int]] = []
        self._heads: list[int] = []
        self._left: list[int] = []
        self._costs: list[int] = []

    def add(self, tail: Hashable, head: Hashable, capacity: int, cost: int) -> None:
        """Add an arc from ``tail`` to ``head``; its way back stands beside it under the next number."""
        start, end = self._number(tail), self._number(head)
        for tail_, head_, room, price in ((start, end, capacity, cost), (end, start, 0, -cost)):
            self._arcs[tail_].append(len(self._heads))
            self._heads.append(head_)
            self._left.append(room)
            self._costs.append(price)

    def run(self, source: Hashable, sink: Hashable) -> int:
        """Send as much as fits from ``source`` to ``sink``, at the least cost; return how much that is."""
        start, end = self._number(source), self._number(sink)
        prices = [0] * len(self._arcs)
        sent = 0
        while self._reprice(prices, start, end):
            while (levels := self._levels(prices, start, end)) is not None:
                sent += self._fill(prices, levels, start, end)
        return sent

    def used(self, tail: Hashable, head: Hashable) -> bool:
        """Return whether anything flows from ``tail`` to ``head``."""
        start, end = self._numbers.get(tail), self._numbers.get(head)
        if start is None or end is None:
            return False
        return any(self._heads[arc] == end and not arc % 2 and self._left[arc ^ 1] for arc in self._arcs[start])

    def _number(self, node: Hashable) -> int:
        if node not in self._numbers:
            self._numbers[node] = len(self._arcs)
            self._arcs.append([])
        return self._numbers[node]

    def _reprice(self, prices: list[int], start: int, end: int) -> bool:
        """Raise the prices so that the arcs of the cheapest paths cost nothing; return whether there is such a path."""
        heads, left, costs = self._heads, self._left, self._costs
        far: dict[int, int] = {}
        best, waiting = {start: 0}, [(0, start)]
        while waiting:
            total, tail = heappop(waiting)
            if tail in far:
                continue
            far[tail] = total
            if tail == end:
                break
            price = prices[tail]
            for arc in self._arcs[tail]:
                head = heads[arc]
                if left[arc] and head not in far:
                    found = total + costs[arc] + price - prices[head]
                    if found < best.get(head, found + 1):
                        best[head] = found
                        heappush(waiting, (found, head))
        if end not in far:
            return False
        most = far[end]
        for node in range(len(prices)):
            prices[node] += far.get(node, most)
        return True

    def _levels(self, prices: list[int], start: int, end: int) -> list[int] | None:
        """Return by node how many free arcs it is from the start (-1: no way); None where there is none to the end."""
        levels = [-1] * len(prices)
        levels[start] = 0
        waiting = deque([start])
        while waiting:
            tail = waiting.popleft()
            for arc in self._arcs[tail]:
                head = self._heads[arc]
                if levels[head] < 0 and self._left[arc] and self._costs[arc] + prices[tail] == prices[head]:
                    levels[head] = levels[tail] + 1
                    waiting.append(head)
        return levels if levels[end] >= 0 else None

    def _fill(self, prices: list[int], levels: list[int], start: int, end: int) -> int:
        """Fill paths of free arcs, each a level further, until none is left; return how much was sent."""
        heads, left, costs = self._heads, self._left, self._costs
        tried = [0] * len(prices)
        sent, path, node = 0, [], start
        while True:
            if node == end:
                room = min(left[arc] for arc in path)
                for arc in path:
                    left[arc] -= room
                    left[arc ^ 1] += room
                sent += room
                path, node = [], start
                continue
            arcs = self._arcs[node]
            while tried[node] < len(arcs):
                arc = arcs[tried[node]]
                head = heads[arc]
                if left[arc] and levels[head] == levels[node] + 1 and costs[arc] + prices[node] == prices[head]:
                    path.append(arc)
                    node = head
                    break
                tried[node] += 1
            else:
                if not path:
                    return sent
                node = heads[path.pop() ^ 1]
                tried[node] += 1
