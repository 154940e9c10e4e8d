"""``dvar.check``: read a worked derivation, judge every equation, find the first wrong step."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from dvar.check.judge import apart, circular, misfits, rows, stepped, tables
from dvar.check.judge import statements as judging
from dvar.check.judge.chances import stated
from dvar.check.judge.conditions import conditioned
from dvar.check.judge.context import Context
from dvar.check.judge.evaluated import at_points
from dvar.check.judge.fragments import whole
from dvar.check.judge.ledger import Ledger, common_numbers
from dvar.check.judge.problem import problems
from dvar.check.judge.properties import constraints
from dvar.check.judge.prose import spoken
from dvar.check.judge.subjects import Subjects
from dvar.check.judge.twins import twins
from dvar.check.judge.words import DOUBT
from dvar.check.meaning import (
    augmented,
    blocks,
    bracketed,
    data_sets,
    degrees,
    densities,
    distributions,
    dots_of_time,
    dotted,
    effort,
    events,
    examples,
    gates,
    implicit,
    iterates,
    kept,
    losses,
    memberships,
    moments,
    ones,
    outcomes,
    overwritten,
    passed_on,
    related,
    rules_in_primes,
    upper,
)
from dvar.check.meaning.above import labels_above
from dvar.check.meaning.aliases import spelled_out
from dvar.check.meaning.arguments import by_entries
from dvar.check.meaning.chosen import starred
from dvar.check.meaning.columns import vectors_first
from dvar.check.meaning.dialects import in_one_dialect
from dvar.check.meaning.implied import is_said, written_out
from dvar.check.meaning.interpret import Interpreter
from dvar.check.meaning.labelled import labelled, unbraced
from dvar.check.meaning.layouts import Layouts
from dvar.check.meaning.nabla_names import of_the_loss
from dvar.check.meaning.one_loss import one_loss
from dvar.check.meaning.overloaded import told_apart
from dvar.check.meaning.picked import by_class
from dvar.check.meaning.primed import renamed
from dvar.check.meaning.reach import sized, widened
from dvar.check.meaning.recognised import recognised
from dvar.check.meaning.scaled import scaled
from dvar.check.meaning.turned import transposed
from dvar.check.report import Judgement, Report
from dvar.read.worksheet.document import Document, Statement


def check(source: str | os.PathLike[str], *, file: str | None = None) -> Report:
    """Judge every equation of a worked derivation.

    Args:
        source: the text of a document, or a path to a Markdown, text, TeX or notebook file.
        file: a name for a text, for messages.

    Returns:
        A report: a verdict for each equation, with the cause and the repair of what is wrong.

    Raises:
        ReadError: the file cannot be read, is no text, or is too large.

    Example:
        >>> report = check("$f = x^2$ and $\\\\frac{df}{dx} = 3x$")
        >>> [j.verdict for j in report.judgements]
        ['definition', 'wrong']
    """
    from dvar.read.worksheet.mathematics import read_statements
    from dvar.read.worksheet.pages import read_document, read_path

    path = path_of(source)
    document = read_path(path) if path is not None else read_document(str(source), file)
    return judge(document, read_statements(document))


def path_of(source: str | os.PathLike[str]) -> Path | None:
    """The file that is meant; None for a text."""
    if not isinstance(source, str):
        return Path(source)
    if "\n" in source or len(source) > 1000 or not source.strip():
        return None
    return Path(source) if Path(source).suffix and not set("$=\\") & set(source) else None


def judge(document: Document, statements: Sequence[Statement]) -> Report:
    """The report on a document whose statements have been read."""
    statements = told(document, statements)
    found: list[Judgement | None] = [None] * len(statements)
    layouts, done = Layouts(), []
    try:
        with effort.document():
            for context in contexts(document, statements):
                context.problem.world.layouts = layouts
                done.append(context)
                for ordinal in rows.in_order(document, statements, context.problem):
                    found[ordinal] = _judged(context, ordinal)
                _judge_apart(context, found)
                _judge_hidden(context, found)
            if layouts.settle(document.text):
                _judge_again(done, found)
            found = rows.weighed(document, statements, found)
    finally:
        kept.forget()
    judgements = tuple(sorted((j for j in found if j is not None), key=lambda j: j.span))
    return Report(document.file, document.text, judgements, document.lines)


def told(document: Document, statements: Sequence[Statement]) -> list[Statement]:
    """The statements with what the words around them add, and the heads of tables."""
    return tables.tabled(Subjects(document, said(document, statements)))


def said(document: Document, statements: Sequence[Statement]) -> list[Statement]:
    """The statements with what the words around them add."""
    above = labels_above(of_the_loss(unbraced(iterates.marked(statements))))
    indexed = examples.undropped(document, data_sets.told(document, starred(above)))
    found = by_class(document, ones.named(document, whole(document, indexed)))
    found = events.named(moments.named(document, overwritten.masked(document, found)))
    found = upper.lowered(found) if is_said(document) else upper.exchanged(found)
    found = gates.arguments_named(losses.adding_up(losses.in_one_word(found)))
    entries = distributions.as_entries(document, found)
    plain = dotted.summed(told_apart(memberships.whole(scaled(entries))))
    turned = at_points(transposed(stepped.in_words(one_loss(passed_on.unrolled(plain)))))
    turned = labelled(degrees.as_radians(augmented.spelled_out(turned)))
    marked = examples.marked(blocks.stacked(blocks.spelled_out(examples.inside(turned))))
    sloped = rules_in_primes.as_derivatives(dots_of_time.as_derivatives(marked))
    counted = bracketed.indexed(iterates.indexed(sloped))
    spelled = spelled_out(recognised(renamed(densities.named(outcomes.named(counted)))))
    named = densities.normal(in_one_dialect(document, stated(document, spelled)))
    named = circular.unwound(named)
    spoken_of = conditioned(document, spoken(document, by_entries(vectors_first(named))))
    return written_out(document, widened(sized(spoken_of)))


def contexts(document: Document, statements: Sequence[Statement]) -> Iterator[Context]:
    """The problems of a document in order, each ready to be judged.

    What is given in one is known in the next, so each is to be judged before the next is asked for.
    """
    ledger, curves = Ledger(), implicit.curves(document, statements)
    moving, motion = related.relations(statements), related.motion(statements)
    open_: set[str] = set()
    for problem in problems(document, statements):
        ledger = ledger.carried_over()
        ledger.common |= common_numbers(problem.prose)
        open_ = {stem for stem in open_ if problem.world.definitions.get(stem)}
        context = Context(document, statements, problem, ledger, prose=problem.prose)
        context.touched |= open_
        own = [statements[ordinal] for ordinal in problem.ordinals]
        context.constraints = constraints(problem.world, own, document)
        context.twins = twins(own)
        context.curves = curves
        problem.world.relations, problem.world.motion = moving, motion
        yield context
        open_ = context.touched  # what was left open of a name is so where its formula still holds


def _judged(context: Context, ordinal: int) -> Judgement:
    """The judgement of a statement, with the names of the last curve in front of it tied together."""
    curve = implicit.at(context.curves, context.document, context.statements, ordinal)
    world = context.problem.world
    with implicit.tying(Interpreter(world, ordinal), curve):
        return judging.judge_statement(context, ordinal)


def _judge_apart(context: Context, found: list[Judgement | None]) -> None:
    """Judge the rules by themselves whose shapes do not fit those of the lines around them."""
    document, statements, whole = context.document, context.statements, context.problem
    for problem, begins in apart.problems(statements, whole, found):
        own = [statements[ordinal] for ordinal in problem.ordinals]
        held = constraints(problem.world, own, document)
        alone = Context(document, statements, problem, Ledger(), constraints=held)
        for ordinal in problem.ordinals:
            new = _judged(alone, ordinal)
            found[ordinal] = apart.settled(found[ordinal], new, begins)


def _judge_hidden(context: Context, found: list[Judgement | None]) -> None:
    """Judge formulas for hidden units again with a loss of the last layer, where they do not hold for the outputs."""
    for ordinal in context.problem.ordinals:
        judgement = found[ordinal]
        if judgement is None or judgement.message != DOUBT:
            continue
        with misfits.of_last_layer(context.problem.world, context.statements[ordinal]) as is_moved:
            new = _judged(context, ordinal) if is_moved else judgement
        found[ordinal] = judgement if new.verdict == "unknown" else new


def _judge_again(contexts: Sequence[Context], found: list[Judgement | None]) -> None:
    """Judge the gradients again that hold only transposed, or do not fit, by the habits of the document."""
    for context in contexts:
        layouts = context.problem.world.layouts
        for ordinal in context.problem.ordinals:
            judgement = found[ordinal]
            if judgement is None:
                continue
            if layouts.has_slip and ordinal in layouts.loose and judgement.verdict == "ok":
                found[ordinal] = misfits.without_transpose(judgement)
                continue
            turned = layouts.strict and judgement.verdict == "convention"
            unfit = layouts.fits and judgement.verdict == "unknown"
            if turned or (unfit and misfits.is_said(judgement.message)):
                found[ordinal] = _judged(context, ordinal)
