"""The grammar of worksheet mathematics: tokens of one member of a relation to a tree."""
