"""Judging: each link of each chain against the graph, as functions and as numbers."""
