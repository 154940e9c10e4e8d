"""Graph, derivation and report → what a person reads: text, LaTeX, Markdown, HTML, a picture."""
