"""What was remembered or answered, in the forms of players and editors."""
