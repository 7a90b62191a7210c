"""The agent: from a question and a memory to an answer that cites seconds."""
