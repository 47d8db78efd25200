"""Records of many processes and machines as one, each device counted once."""
