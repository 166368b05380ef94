"""Code that every filter uses and that knows no filter: arguments, borders, dtypes, threads, image loops.

A program (`program`) is a compiled call for one shape and layout. The call cache keeps it for the next call.
"""
