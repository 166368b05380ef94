"""The definitions in plain loops, independent of the library, and tests of them."""
