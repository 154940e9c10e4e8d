"""Worked derivations as people write them: a document, the mathematics in it, a tree of each formula."""
