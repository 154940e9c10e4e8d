"""How many slips in hand-written backward passes are found, and how well: ``python -m benchmarks.backward``."""
