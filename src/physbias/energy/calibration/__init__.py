"""What is known of one board's sensor: from a file, or measured here."""
