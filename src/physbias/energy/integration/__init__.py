"""From readings of one device to its energy over a window."""
