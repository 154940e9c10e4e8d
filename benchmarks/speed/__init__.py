"""How fast dvar is beside its peers: ``python -m benchmarks.speed``."""
