"""One measured block: sampling, regions, and the sum over its devices."""
