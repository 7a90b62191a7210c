"""Many questions at once: their files, where their videos may lie, the work, and the file of answers."""
