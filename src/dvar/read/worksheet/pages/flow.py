"""The words around each region: sentences, with ``$`` for the other regions in them."""

from __future__ import annotations

import re

LIMIT = 400
"""How many characters are kept on each side."""

_END = re.compile(
    r"(?<![^\w]e\.g)(?<![^\w]i\.e)(?<!\bvs)(?<!\bcf)(?<!\bEq)(?<!\beq)(?<!\bFig)(?<!\bfig)(?<!\bresp)(?<!w\.r\.t)"
    r"[.!?]+[\"')\]]*(?=\s+[^\sa-z]|\s*$)|[。！？]"
)
_NEW_LINE = re.compile(r"[ \t.,;]*\n\s*[A-Z][A-Za-z]*[a-z]\b")


class Flow:
    """Text and regions as they follow each other."""

    def __init__(self) -> None:
        self._sentence: list[str | int] = []
        self._walls: set[int] = set()
        self._introduces = False
        self._words: dict[int, tuple[str, str]] = {}

    def text(self, text: str) -> None:
        """Some words; those that end a sentence end it."""
        if self._sentence and isinstance(self._sentence[-1], int) and _NEW_LINE.match(text):
            self.stop()
        position = 0
        for match in _END.finditer(text):
            self._sentence.append(text[position : match.end()])
            self.stop()
            position = match.end()
        if not text[position:].strip():
            self.join()
        else:
            self._sentence.append(text[position:])
            self._introduces = text.rstrip().endswith((":", ","))

    def join(self) -> None:
        """What comes next goes on with the sentence behind a blank."""
        if self._sentence and isinstance(self._sentence[-1], str):
            self._sentence[-1] += " "

    def region(self, index: int, wall: bool = False) -> None:
        """A region; what comes behind a wall is not "after" for those in front of it."""
        self._sentence.append(index)
        if wall:
            self._walls.add(index)

    def stop(self) -> None:
        """The sentence ends here."""
        pieces, places, length = [], [], 0
        for piece in self._sentence:
            if isinstance(piece, int):
                places.append((piece, length))
                pieces.append("\ue000")
                length += 1
            else:
                clean = re.sub(r"\s+", " ", piece)
                pieces.append(clean)
                length += len(clean)
        flat = "".join(pieces)
        wall = length
        for index, place in reversed(places):
            before = flat[max(0, place - LIMIT) : place]
            after = flat[place + 1 : min(wall, place + 1 + LIMIT)]
            self._words[index] = (_shown(before), _shown(after))
            wall = place if index in self._walls else wall
        self._sentence = []
        self._introduces = False

    @property
    def is_open(self) -> bool:
        """Whether a sentence has begun."""
        return bool(self._sentence)

    @property
    def wants_display(self) -> bool:
        """Whether a display on its own belongs to the sentence: words stand last, or a colon and displays."""
        last = self._sentence[-1] if self._sentence else ""
        return isinstance(last, str) or (last in self._walls and self._introduces)

    def words(self, index: int) -> tuple[str, str]:
        """What stands in front of a region and behind it."""
        return self._words.get(index, ("", ""))


def _shown(words: str) -> str:
    return " ".join(words.replace("\ue000", " $ ").split())
