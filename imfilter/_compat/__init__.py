"""What the functions with the names of other libraries share.

Arguments in the words of those libraries, the choice between this engine and the original function, and the
record of both.
"""
