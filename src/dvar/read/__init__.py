"""From formulas, LaTeX and Python functions to graphs."""
