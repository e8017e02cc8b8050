"""Tables as CSV files: templates to fill in, and ingestion that first tells everything that is wrong."""

from fascicle.element.csvfiles.ingestion import IngestReport, RowFault, ingest
from fascicle.element.csvfiles.templates import GUIDE, write_rows, write_templates

__all__ = ["GUIDE", "IngestReport", "RowFault", "ingest", "write_rows", "write_templates"]
