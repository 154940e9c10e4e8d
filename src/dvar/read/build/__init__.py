"""From the syntax tree of either notation to a graph, where shapes are known."""
