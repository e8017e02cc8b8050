"""Table templates of the Element."""
