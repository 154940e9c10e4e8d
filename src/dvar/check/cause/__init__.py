"""Why a line is wrong: small bends of what is written that make it right, one for each kind of mistake."""
