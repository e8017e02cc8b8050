"""Parts of the suite for Elements: upstream tables to link, and the audit of what was filled."""
