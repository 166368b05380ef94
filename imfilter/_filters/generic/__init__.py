"""Functions of windows that a user writes: compiled for vectors, compiled, or called as Python."""
