"""Objects in an image: correlation coefficients with a template, and blobs."""
