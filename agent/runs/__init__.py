"""Past runs: what is noted while an answer is made, and the answer made again from it without any model."""
