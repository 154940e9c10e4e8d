"""From a function in plain NumPy to a graph, by calling it with traced arrays."""
