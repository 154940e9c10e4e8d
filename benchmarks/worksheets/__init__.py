"""How well ``dvar check`` reads worked derivations: ``python -m benchmarks.worksheets``."""
