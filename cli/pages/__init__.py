"""Pages: what is remembered of a video, or what became of a question, as one HTML file for any browser."""
