"""From LaTeX to the same syntax tree."""
