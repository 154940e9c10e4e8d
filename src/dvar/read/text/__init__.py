"""From the text notation to the syntax tree: ``q = x + y; f = q*z``."""
