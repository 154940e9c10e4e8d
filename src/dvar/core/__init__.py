"""The vocabulary: sizes, axes, the form of a row, nodes, graphs, errors.  Imports nothing of ours."""
