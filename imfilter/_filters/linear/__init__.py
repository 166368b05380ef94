"""Correlation with any kernel: the operator, the plan, and the algorithms that the plan chooses among.

Algorithms: direct and separable sums over a sliding window, running sums of boxes, sums of cosines,
Winograd's short sums and the Fourier transform.
"""
