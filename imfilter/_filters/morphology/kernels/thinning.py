"""Thinning of 64 samples at once: the samples of a row are the bits of words.

A subiteration tests the samples of some words, and then removes all that its rule names. A word needs a test
if a sample of it or next to it was removed since the last test by the same rule: in the last two
subiterations.
"""

import numpy as np

from imfilter._simd.jit import Driver, inlined, part
from imfilter._simd.vector import load_one, store_one

_U64, _I32 = np.dtype(np.uint64), np.dtype(np.int32)
#: Rules: that of scikit-image after Zhang and Suen, 1984, and that of Guo and Hall, 1989.
ZHANG, GUO = 0, 1
_ONE, _LAST, _NONE = np.uint64(1), np.uint64(63), np.uint64(0)


@inlined
def _number(list_at, i):
    """Return an element of a list of int32."""
    return np.int64(load_one(_I32, list_at + 4 * i, _I32))


@inlined
def _word(words, place):
    return load_one(_U64, words + 8 * place, _U64)


@inlined
def _row(words, place):
    """Return the samples to the left of those of a word, those of the word, and those to the right."""
    middle = _word(words, place)
    left = (middle << _ONE) | (_word(words, place - 1) >> _LAST)
    right = (middle >> _ONE) | (_word(words, place + 1) << _LAST)
    return left, middle, right


@inlined
def _zhang(n, ne, e, se, s, sw, w, nw, second):
    """Return the samples to remove in the first subiteration. Arguments: their neighbours, clockwise.

    The second is the first turned by 180 degrees, except for two patterns of the table of scikit-image.
    second: ones in the second.
    """
    # How often the background ends around a sample: exactly once.
    a, b, c, d = ~n & ne, ~ne & e, ~e & se, ~se & s
    once, twice = a | b, a & b
    twice, once = twice | (once & c), once | c
    twice, once = twice | (once & d), once | d
    a, b, c, d = ~s & sw, ~sw & w, ~w & nw, ~nw & n
    twice, once = twice | (once & a), once | a
    twice, once = twice | (once & b), once | b
    twice, once = twice | (once & c), once | c
    twice, once = twice | (once & d), once | d
    # Neighbours side by side: two above, or three that are not only around a lower corner.
    several = (n & ne) | (ne & e) | (nw & ((n & ~second) | (w & second))) | (sw & ((se & s) | (w & nw)))
    # At most six: two samples of background side by side.
    two = (n | ne) & (ne | e) & (e | se) & (se | s) & (s | sw) & (sw | w) & (w | nw) & (nw | n)
    side = once & ~twice & several & ~two & ~(e & s & (n | w))
    # A sample between two neighbours above or below, and to the left or right, that is not needed.
    upper = n & e & ~(ne | se | s | sw | w)
    left = n & w & ~(nw | e | se | s) & (~second | ne | ~sw)
    lower = e & s & ~(n | ne | se | sw | w | nw)
    right = s & w & ~(n | ne | e | se | sw)
    return side | upper | left | lower | right


@inlined
def _guo(n, ne, e, se, s, sw, w, nw):
    """Return the samples to remove in the first subiteration. The second is it turned by 180 degrees."""
    # Exactly one connected part of the foreground around a sample.
    a, b, c, d = ~n & (ne | e), ~e & (se | s), ~s & (sw | w), ~w & (nw | n)
    one = (a ^ b ^ c ^ d) & ~((a & b) | (c & d))
    # The smaller of two numbers of pairs with foreground is 2 or 3.
    a, b, c, d = nw | n, ne | e, se | s, sw | w
    first, all_first = (a & b) | (c & d) | ((a | b) & (c | d)), a & b & c & d
    a, b, c, d = n | ne, e | se, s | sw, w | nw
    other, all_other = (a & b) | (c & d) | ((a | b) & (c | d)), a & b & c & d
    return one & first & other & ~(all_first & all_other) & ~((n | ne | ~se) & e)


@part
def _removed(words, place, pitch, rule, second):
    """Return the samples of a word to remove."""
    w, middle, e = _row(words, place)
    if second:
        nw, n, ne = _row(words, place - pitch)
        sw, s, se = _row(words, place + pitch)
        if rule == ZHANG:
            return middle & _zhang(s, sw, w, nw, n, ne, e, se, ~_NONE)
        return middle & _guo(s, sw, w, nw, n, ne, e, se)
    nw, n, ne = _row(words, place - pitch)
    sw, s, se = _row(words, place + pitch)
    if rule == ZHANG:
        return middle & _zhang(n, ne, e, se, s, sw, w, nw, _NONE)
    return middle & _guo(n, ne, e, se, s, sw, w, nw)


@inlined
def _touch(stamps, place, k, to, count):
    """Add a word to a list, once. Return the number of words."""
    if load_one(_I32, stamps + 4 * place, _I32) != k:
        store_one(stamps + 4 * place, _I32, np.int32(k))
        store_one(to + 4 * count, _I32, np.int32(place))
        count += 1
    return count


@Driver
def thin_words(words, total, pitch, stamps, lists, masks, rule, limit):
    """Thin until nothing changes, or for `limit` subiterations if it is not negative.

    words: address of rows of uint64, `pitch` apart, whose first word is empty, with an empty row before and
    after. total: number of words. stamps: address of an int32 for each word: the last subiteration that
    removed a sample near it. lists: address of 4 lists of int32, as long. masks: address of as many uint64.
    """
    before, older, now, places = lists, lists + 4 * total, lists + 8 * total, lists + 12 * total
    n_before, n_older = np.int64(0), np.int64(0)
    for i in range(total):
        store_one(stamps + 4 * i, _I32, np.int32(-2))
        if _word(words, i) != _NONE:
            n_before = _touch(stamps, i, -1, before, n_before)
    k = np.int64(0)
    while k != limit and n_before + n_older > 0:
        count = np.int64(0)
        for i in range(n_before + n_older):
            if i < n_before:
                place = _number(before, i)
            else:
                place = _number(older, i - n_before)
                if _number(stamps, place) != k - 2:
                    continue  # it is in the other list
            if _word(words, place) == _NONE:
                continue
            gone = _removed(words, place, pitch, rule, k & 1)
            if gone != _NONE:
                store_one(places + 4 * count, _I32, np.int32(place))
                store_one(masks + 8 * count, _U64, gone)
                count += 1
        n_now = np.int64(0)
        for i in range(count):
            place, gone = _number(places, i), _word(masks, i)
            store_one(words + 8 * place, _U64, _word(words, place) & ~gone)
            first = place - 1 if gone & _ONE else place
            last = place + 1 if gone >> _LAST else place
            for near in range(first, last + 1):
                n_now = _touch(stamps, near - pitch, k, now, n_now)
                n_now = _touch(stamps, near, k, now, n_now)
                n_now = _touch(stamps, near + pitch, k, now, n_now)
        before, older, now = now, before, older
        n_before, n_older = n_now, n_before
        k += 1
