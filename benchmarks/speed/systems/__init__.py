"""The systems: a function for each case it can do, from data to ``(call, result)``.

``call()`` does the work once and returns only when it is done; ``result(what)`` turns what it returned into a flat
list of numbers that is the same for every system.
"""
