"""The parts of the backend suite."""
