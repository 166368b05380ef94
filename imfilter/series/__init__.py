"""Filters for time series, whole or as a stream, with their lookahead and delay.

Every name is loaded on first use, as in `imfilter`.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imfilter.series.applying import moving_apply
    from imfilter.series.cascades import Cascade
    from imfilter.series.causality import Causality, Timing, causal, check_causal, timing
    from imfilter.series.embedding import embed
    from imfilter.series.exponentials import exponential
    from imfilter.series.extremes import moving_maximum, moving_minimum
    from imfilter.series.forecasting import fit_forecaster
    from imfilter.series.forecasts import Forecaster, ForecastErrors
    from imfilter.series.medians import median
    from imfilter.series.polynomials import difference, savgol
    from imfilter.series.ranks import moving_quantile, moving_rank
    from imfilter.series.smoothing import gaussian, moving_average, weighted_average
    from imfilter.series.spreads import moving_std, moving_sum, moving_variance
    from imfilter.series.streaming import Stream

__all__ = [
    "Cascade",
    "Causality",
    "ForecastErrors",
    "Forecaster",
    "Stream",
    "Timing",
    "causal",
    "check_causal",
    "difference",
    "embed",
    "exponential",
    "fit_forecaster",
    "gaussian",
    "median",
    "moving_apply",
    "moving_average",
    "moving_maximum",
    "moving_minimum",
    "moving_quantile",
    "moving_rank",
    "moving_std",
    "moving_sum",
    "moving_variance",
    "savgol",
    "timing",
    "weighted_average",
]

#: The module of each public name.
_HOMES = {
    "applying": ("moving_apply",),
    "cascades": ("Cascade",),
    "causality": ("Causality", "Timing", "causal", "check_causal", "timing"),
    "embedding": ("embed",),
    "forecasting": ("fit_forecaster",),
    "forecasts": ("ForecastErrors", "Forecaster"),
    "polynomials": ("difference", "savgol"),
    "exponentials": ("exponential",),
    "medians": ("median",),
    "extremes": ("moving_maximum", "moving_minimum"),
    "ranks": ("moving_quantile", "moving_rank"),
    "spreads": ("moving_std", "moving_sum", "moving_variance"),
    "smoothing": ("gaussian", "moving_average", "weighted_average"),
    "streaming": ("Stream",),
}
_MODULES = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        from imfilter._base.suggestions import attribute_error

        raise attribute_error(__name__, name, __all__)
    value = getattr(importlib.import_module(f"imfilter.series.{_MODULES[name]}"), name)
    globals()[name] = value  # the next look-up does not call this function
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
