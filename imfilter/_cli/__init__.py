"""The parts of the command: its table, its words, and what it does with colour and bit depth."""
