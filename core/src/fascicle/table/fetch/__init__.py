"""From the database to Python: dicts, arrays, frames, streams, previews."""
