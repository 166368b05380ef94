"""What every filter needs and what knows no filter: arguments, borders, dtypes, threads, loops over an image.

A program (`program`) is a compiled call for one shape and layout; the call cache keeps it for the next call.
"""
