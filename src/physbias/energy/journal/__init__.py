"""A file that grows while a block runs, and the way back from it to a record."""
