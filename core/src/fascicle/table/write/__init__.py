"""From Python to the database: rows in any shape, checked by column, reported by cell."""
