"""The parts of the command: its table, its messages, and its treatment of colour and bit depth."""
