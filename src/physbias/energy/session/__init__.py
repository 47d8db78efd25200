"""One start of a meter: what was asked for, who is inside, and what came of it."""
