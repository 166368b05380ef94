"""Correlation with any kernel: the operator, the plan, and the algorithms between which the plan chooses.

Algorithms: direct and separable sums over a sliding window, running sums of boxes, sums of cosines,
Winograd's short sums and the Fourier transform.
"""
