"""What may be done on the way to an answer, one module for each act."""
