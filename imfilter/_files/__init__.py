"""How pictures are stored: one module per concern, none of them public."""
