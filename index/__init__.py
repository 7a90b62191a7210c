"""The memory: ingestion, events, the library on disk, and recall from it."""
