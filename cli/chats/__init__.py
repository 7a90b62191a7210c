"""A conversation about videos: its turns, its commands, what it reads lines from, and how it is shown and kept."""
