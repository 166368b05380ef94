"""The table of filters with the same call in other libraries, and its test."""
