"""Things that have the same size."""

from __future__ import annotations

Item = tuple[str, ...]
"""``("letter", "i")``, ``("size", "m")``, ``("entry", "x", "0")``: what a size belongs to."""


class Unions:
    """Classes of things of one size, sizes that were said of them, and the numbers chosen for them."""

    def __init__(self) -> None:
        self._parent: dict[Item, Item] = {}
        self._marks: dict[Item, set[int | str]] = {}
        self.numbers: dict[Item, int] = {}
        self.stacks: dict[Item, tuple[Item, ...]] = {}
        """What stands one above the other: as large as its parts together."""
        self.refused = False
        """Whether something has made sizes equal that are not."""

    def root(self, item: Item) -> Item:
        self._parent.setdefault(item, item)
        while self._parent[item] != item:
            self._parent[item] = self._parent[self._parent[item]]
            item = self._parent[item]
        return item

    def join(self, a: Item, b: Item) -> None:
        first, second = self.root(a), self.root(b)
        if first == second:
            return
        self._parent[first] = second
        marks = self._marks.pop(first, set())
        if marks:
            self._marks.setdefault(second, set()).update(marks)

    def stacked(self, place: int, parts: tuple[Item, ...]) -> Item:
        """The size of several things one above the other, which stand at a place in a text."""
        item = ("stack", str(place))
        self.root(item)
        self.stacks[item] = parts
        return item

    def mark(self, item: Item, size: int | str) -> None:
        """Say of a class that it has this size: a number, or a name that stands for one."""
        self._marks.setdefault(self.root(item), set()).add(size)

    def is_marked(self, item: Item) -> bool:
        """Whether a size has been said of a class."""
        return bool(self._marks.get(self.root(item)))

    def are_apart(self, a: Item, b: Item) -> bool:
        """Whether two classes have sizes that are not the same."""
        x, y = self._marks.get(self.root(a), set()), self._marks.get(self.root(b), set())
        for kind in (int, str):
            first, second = ({m for m in marks if isinstance(m, kind)} for marks in (x, y))
            if first and second:
                return first.isdisjoint(second)
        return False

    def refuses(self, a: Item, b: Item) -> bool:
        """Whether two classes are not to be made one since they have sizes that are not the same."""
        apart = self.are_apart(a, b)
        self.refused |= apart
        return apart

    def is_alone(self, item: Item) -> bool:
        """Whether nothing else is known to have this size."""
        root = self.root(item)
        return not self._marks.get(root) and sum(self.root(i) == root for i in self.items()) == 1

    def number(self, item: Item, default: int) -> int:
        """The number that was chosen for a class."""
        return self.numbers.get(self.root(item), default)

    def items(self) -> list[Item]:
        return list(self._parent)
