"""Questions in one language each: the words and patterns by which the rules understand them."""
