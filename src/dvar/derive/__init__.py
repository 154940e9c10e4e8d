"""Graph → graph: the reverse and the forward sweep, derivations as data, rewriting for reading."""
