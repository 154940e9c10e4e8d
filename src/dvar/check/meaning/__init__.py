"""What the formulas of a document mean: names, indices, shapes and derivatives, as graph."""
