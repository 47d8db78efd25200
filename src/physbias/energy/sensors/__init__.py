"""Where energy and power can be read, and what the devices are."""
