"""What a measurement found, and how it is shown."""
