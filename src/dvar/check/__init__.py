"""Judging: laws for rows, and later worked derivations and hand-written backward passes."""
