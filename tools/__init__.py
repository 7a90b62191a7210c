"""Everything that touches the outside: media, the clock, and one adapter per model."""
