"""Rows that hold programs: loops, branches, and what is computed again."""
