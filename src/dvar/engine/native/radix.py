"""The order of many numbers by radix: a few passes that each place the numbers by some bits, none that compares.

A number becomes a key whose bits have the order of the numbers.  As many of its leading bits as there is room for
stand in one word with the number's position, so that a pass moves eight bytes an element.  Where that leaves
numbers with equal bits (doubles very close to each other), they are put in order at the end.

Source: Knuth, The Art of Computer Programming, volume 3, algorithm 5.2.5R, with keys from the bits of floats.
"""

from __future__ import annotations

from collections.abc import Callable

from llvmlite import ir

from dvar.engine.native.lanes import I1, I32, I64, Point, Value
from dvar.engine.native.meeting import barrier
from dvar.engine.native.tile import i64

# Bits of a digit: a counter for each of its values should stay in a core's cache.
DIGIT = 9
VALUES = 1 << DIGIT
# Keys made at once.
WIDTH = 8
# So many moves for each number are made to put equal keys in order; beyond, the order is not found.
PATIENCE = 4
_I64P = I64.as_pointer()


class _Code:
    """A function whose threads have each a part of the elements."""

    def __init__(self, module: Value, name: str, pointers: int, counts: int) -> None:
        kind = ir.FunctionType(ir.VoidType(), [_I64P] * pointers + [I64] * counts)
        self.function = ir.Function(module, kind, name)
        self.args = self.function.args
        self.b = ir.IRBuilder(self.function.append_basic_block("entry"))
        self.n, self.threads, self.thread = self.args[pointers : pointers + 3]
        b = self.b
        self.first, self.last = (
            b.sdiv(b.mul(self.n, t), self.threads)
            for t in (self.thread, b.add(self.thread, i64(1)))
        )

    def cell(self, value: Value) -> Value:
        """Room for a value that changes."""
        with self.b.goto_entry_block():
            cell = self.b.alloca(value.type)
        self.b.store(value, cell)
        return cell

    def at(self, pointer: Value, place: Value) -> Value:
        return self.b.gep(pointer, [place], inbounds=True)

    def load(self, pointer: Value, place: Value) -> Value:
        return self.b.load(self.at(pointer, place))

    def each(self, first: Value, last: Value, body: Callable[[Value], None], step: int = 1) -> None:
        """``body`` for every place, or none, in steps."""
        place = self.cell(first)

        def one() -> None:
            here = self.b.load(place)
            body(here)
            self.b.store(self.b.add(here, i64(step)), place)

        self.while_(lambda: self.b.icmp_signed("<", self.b.load(place), last), one)

    def while_(self, test: Callable[[], Value], body: Callable[[], None]) -> None:
        b = self.b
        head, inside, after = (b.append_basic_block(n) for n in ("head", "inside", "after"))
        b.branch(head)
        b.position_at_end(head)
        b.cbranch(test(), inside, after)
        b.position_at_end(inside)
        body()
        b.branch(head)
        b.position_at_end(after)


def place(module: Value) -> None:
    """``place(numbers, order, found, n, threads, thread)``."""
    code = _Code(module, "place", 3, 3)
    numbers, order, found = code.args[:3]

    def move(i: Value) -> None:
        code.b.store(code.load(numbers, i), code.at(found, code.load(order, i)))

    code.each(code.first, code.last, move)
    code.b.ret_void()


class Radix(_Code):
    """``order(numbers, words, other, order, notes, counter, n, threads, thread, is_float)``.

    ``notes`` has a row for every thread: how many words have each value of a digit, where they go, the
    smallest and the largest key, and whether it gave up.
    """

    GOES, LEAST, GAVE_UP = VALUES, 2 * VALUES, 2 * VALUES + 2
    NOTES = 2 * VALUES + 64

    def __init__(self, module: Value) -> None:
        super().__init__(module, "order", 6, 4)
        self.numbers, words, other, order, self.notes, counter = self.args[:6]
        b = self.b
        self.real = b.icmp_signed("!=", self.args[-1], i64(0))
        self.mine = self.at(self.notes, b.mul(self.thread, i64(self.NOTES)))
        self.passed = self.cell(i64(0))
        self._wait, self._counter = barrier(module), counter
        kind = ir.FunctionType(I64, [I64, I1])
        self._leading_zeros = ir.Function(module, kind, "llvm.ctlz.i64")
        self._extremes()
        self.meet()
        least, largest = self._over_threads()
        self.least = least
        # A position takes so many bits of a word, of the key what is left.
        self.low = self.bits_of(b.sub(self.n, i64(1)))
        wide = self.bits_of(b.sub(largest, least))
        self.shift = self._or_nothing(b.sub(wide, b.sub(i64(64), self.low)))
        digits = b.sdiv(b.add(b.sub(wide, self.shift), i64(DIGIT - 1)), i64(DIGIT))
        self._mine(lambda i, width: self._pack(words, i, width))
        self.places = [self.cell(words), self.cell(other)]
        self.each(i64(0), digits, self._pass)
        self.words, self.order = b.load(self.places[0]), order
        self.position = b.sub(b.shl(i64(1), self.low), i64(1))
        self.meet()  # where there was no digit, words may not be there yet
        self._finish()
        b.ret_void()

    def meet(self) -> None:
        """Threads wait for each other."""
        self.b.call(self._wait, [self._counter, self.passed, self.threads])

    def bits_of(self, x: Value) -> Value:
        """How many bits a number takes, counted without sign."""
        return self.b.sub(i64(64), self.b.call(self._leading_zeros, [x, ir.Constant(I1, 0)]))

    def _or_nothing(self, x: Value) -> Value:
        return self.b.select(self.b.icmp_signed(">", x, i64(0)), x, i64(0))

    def _key(self, i: Value, width: int = 1) -> Value:
        """Numbers side by side as keys whose bits, without sign, have the order of the numbers."""
        b, point = self.b, Point(self.b, width)
        bits = self._side_by_side(self.numbers, i, width)
        double = ir.DoubleType()
        number = b.fadd(b.bitcast(bits, point.type_of(double)), point.literal(0, double))  # -0 is 0
        real = point.splat(self.real)
        plain = b.select(real, b.bitcast(number, bits.type), bits)
        top = point.literal(-(2**63), I64)
        flipped = b.or_(b.ashr(plain, point.literal(63, I64)), top)
        key = b.xor(plain, b.select(real, flipped, top))
        nan = b.and_(real, b.fcmp_unordered("uno", number, number))
        return b.select(nan, point.literal(-1, I64), key)

    def _side_by_side(self, pointer: Value, i: Value, width: int) -> Value:
        at = self.at(pointer, i)
        if width == 1:
            return self.b.load(at)
        return self.b.load(self.b.bitcast(at, ir.VectorType(I64, width).as_pointer()), align=8)

    def _mine(self, body: Callable[[Value, int], None]) -> None:
        """``body`` for this thread's part, vectors first."""
        b = self.b
        count = b.sub(self.last, self.first)
        middle = b.sub(self.last, b.srem(count, i64(WIDTH)))
        self.each(self.first, middle, lambda i: body(i, WIDTH), WIDTH)
        self.each(middle, self.last, lambda i: body(i, 1))

    def _extremes(self) -> None:
        b, ends = self.b, {}
        for width in (WIDTH, 1):
            kind = Point(b, width)
            ends[width] = self.cell(kind.literal(-1, I64)), self.cell(kind.literal(0, I64))

        def see(i: Value, width: int) -> None:
            key = self._key(i, width)
            for cell, sign in zip(ends[width], "<>", strict=True):
                self._keep_best(cell, key, sign)

        self._mine(see)
        for k, (wide, cell, sign) in enumerate(zip(*ends.values(), "<>", strict=True)):
            lanes = b.load(wide)
            for lane in range(WIDTH):
                self._keep_best(cell, b.extract_element(lanes, ir.Constant(I32, lane)), sign)
            b.store(b.load(cell), self.at(self.mine, i64(self.LEAST + k)))

    def _keep_best(self, cell: Value, key: Value, sign: str) -> None:
        b = self.b
        best = b.load(cell)
        b.store(b.select(b.icmp_unsigned(sign, key, best), key, best), cell)

    def _over_threads(self) -> list[Value]:
        """The smallest and the largest key."""
        b = self.b
        cells = [self.cell(i64(-1)), self.cell(i64(0))]

        def see(thread: Value) -> None:
            for k, (cell, sign) in enumerate(zip(cells, "<>", strict=True)):
                place = b.add(b.mul(thread, i64(self.NOTES)), i64(self.LEAST + k))
                self._keep_best(cell, self.load(self.notes, place), sign)

        self.each(i64(0), self.threads, see)
        return [b.load(cell) for cell in cells]

    def _pack(self, words: Value, i: Value, width: int) -> None:
        """What is left of keys, and positions."""
        b, point = self.b, Point(self.b, width)
        least, shift, low = (point.splat(x) for x in (self.least, self.shift, self.low))
        key = b.lshr(b.sub(self._key(i, width), least), shift)
        place = point.splat(i)
        if width > 1:
            place = b.add(place, ir.Constant(ir.VectorType(I64, width), list(range(width))))
        word = b.or_(b.shl(key, low), place)
        b.store(word, b.bitcast(self.at(words, i), word.type.as_pointer()), align=8)

    def _pass(self, digit: Value) -> None:
        """Place every word behind those with a smaller digit, and those before it with the same."""
        b = self.b
        source, target = (b.load(cell) for cell in self.places)
        away = b.add(self.low, b.mul(digit, i64(DIGIT)))

        def value(word: Value) -> Value:
            return b.and_(b.lshr(word, away), i64(VALUES - 1))

        def count(i: Value) -> None:
            at = self.at(self.mine, value(self.load(source, i)))
            b.store(b.add(b.load(at), i64(1)), at)

        self.each(i64(0), i64(VALUES), lambda v: b.store(i64(0), self.at(self.mine, v)))
        self.each(self.first, self.last, count)
        self.meet()
        total = self.cell(i64(0))

        def begin(v: Value) -> None:
            def after(thread: Value) -> None:
                before = b.load(total)
                here = b.icmp_signed("==", thread, self.thread)
                at = self.at(self.mine, b.add(v, i64(self.GOES)))
                b.store(b.select(here, before, b.load(at)), at)
                more = self.load(self.notes, b.add(b.mul(thread, i64(self.NOTES)), v))
                b.store(b.add(before, more), total)

            self.each(i64(0), self.threads, after)

        self.each(i64(0), i64(VALUES), begin)

        def move(i: Value) -> None:
            word = self.load(source, i)
            at = self.at(self.mine, b.add(value(word), i64(self.GOES)))
            place = b.load(at)
            b.store(b.add(place, i64(1)), at)
            b.store(word, self.at(target, place))

        self.each(self.first, self.last, move)
        self.meet()
        for cell, pointer in zip(self.places, (target, source), strict=True):
            b.store(pointer, cell)

    # ── keys that are alike as far as they are kept ─────────────────────────────────────────────

    def _kept(self, i: Value) -> Value:
        return self.b.lshr(self.load(self.words, i), self.low)

    def _is_tied(self, i: Value) -> Value:
        """Whether a word has the key of the one before it, of which not all is kept."""
        b = self.b
        inside = b.and_(b.icmp_signed(">", i, i64(0)), b.icmp_signed("<", i, self.n))
        inside = b.and_(inside, b.icmp_signed(">", self.shift, i64(0)))
        near = b.select(inside, i, i64(1))
        same = b.icmp_unsigned("==", self._kept(near), self._kept(b.sub(near, i64(1))))
        return b.and_(inside, same)

    def _finish(self) -> None:
        """The positions, those with equal keys by the whole of these.

        A run of such words belongs to the thread in whose part it begins.
        """
        b = self.b
        i, moves = self.cell(self.first), self.cell(i64(0))
        most = b.mul(self.n, i64(PATIENCE))

        def on() -> None:
            b.store(b.add(b.load(i), i64(1)), i)

        def goes_on() -> Value:
            here = b.load(i)
            mine = b.or_(b.icmp_signed("<", here, self.last), self._is_tied(here))
            return b.and_(mine, b.icmp_signed("<", b.load(moves), most))

        def one() -> None:
            here = b.load(i)
            position = b.and_(self.load(self.words, here), self.position)
            b.store(position, self.at(self.order, here))
            with b.if_then(self._is_tied(here), likely=False):
                self._insert(here, position, moves)
            on()

        self.while_(lambda: self._is_tied(b.load(i)), on)
        self.while_(goes_on, one)
        gave_up = b.icmp_signed(">=", b.load(moves), most)
        b.store(b.zext(gave_up, I64), self.at(self.mine, i64(self.GAVE_UP)))

    def _insert(self, i: Value, position: Value, moves: Value) -> None:
        """A position before those of its run whose keys are greater."""
        b = self.b
        key, j = self._key(position), self.cell(i)

        def is_greater() -> Value:
            here = b.load(j)
            tied = self._is_tied(here)
            # Beyond the run a position may not be there yet.
            before = self.load(self.order, b.select(tied, b.sub(here, i64(1)), here))
            return b.and_(tied, b.icmp_unsigned(">", self._key(before), key))

        def back() -> None:
            here = b.load(j)
            before = b.sub(here, i64(1))
            b.store(self.load(self.order, before), self.at(self.order, here))
            b.store(before, j)
            b.store(b.add(b.load(moves), i64(1)), moves)

        self.while_(is_greater, back)
        b.store(position, self.at(self.order, b.load(j)))
