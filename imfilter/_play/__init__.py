"""The playground: a page in the browser that tries the filters on a picture.

`forms` describes the page, `engine` computes, `words` writes the calls, and `server` answers on the
loopback address.
"""
