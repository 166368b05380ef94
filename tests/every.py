"""A call of every public function that takes arrays, for tests of properties that all functions have."""

from functools import partial

import numpy as np

import imfilter
from imfilter import color, layers, morphology, series, show, threshold
from imfilter.sklearn import HOG

SIDE = 24
#: Public names that take no array of samples.
WITHOUT = {
    "": (
        "FittedKernel",
        "Pipeline",
        "Plan",
        "color",
        "compat",
        "io",
        "layers",
        "morphology",
        "patch",
        "plan",
        "report",
        "series",
        "set_workers",
        "show",
        "threshold",
        "unpatch",
        "warmup",
        "weights",
    ),
    "layers": (
        *("Activation", "BatchNorm", "Branches", "Comparison", "Conv", "Dense", "Dropout", "Flatten"),
        *(
            "GlobalPool",
            "Memory",
            "Pool",
            "ReceptiveField",
            "Residual",
            "Row",
            "Window",
            "memory",
            "multiplications",
            "networks",
            "output_shape",
        ),
        *("parameters", "receptive_fields", "separable_cost", "stacked_kernels"),
    ),
    "series": ("Causality", "ForecastErrors", "Timing", "check_causal", "timing"),
    "color": (),
    "show": ("Activity", "Picture"),
    "threshold": (),
    "morphology": ("Element", "ball", "diamond", "disk", "line", "octagon", "rectangle", "star"),
}


def _stack(a, k):
    parts = [
        layers.Conv(2, 3, padding=1, name="conv"),
        *map(layers.Activation, ("relu", "tanh", "sigmoid", "softmax")),
        layers.Pool(2),
        layers.Flatten(),
        layers.Dense(3, name="dense"),
    ]
    stack = layers.Stack(parts, input_shape=(1, SIDE, SIDE))
    weight = np.resize(k, (2, 1, 3, 3)), np.resize(k, 2)
    dense = np.resize(k, (3, SIDE * SIDE // 2)), np.resize(k, 3)
    return stack.forward(a[None], {"conv": weight, "dense": dense})


def _dense(k):
    """A small network of classes, and its weights."""
    parts = [layers.Flatten(), layers.Dense(4), layers.Activation("relu"), layers.Dense(3)]
    weights = (np.resize(k, (4, 9)), np.resize(k, 4)), (np.resize(k, (3, 4)), np.resize(k, 3))
    return layers.Stack(parts, input_shape=(1, 3, 3)), weights


def _backward(a, k):
    """The gradients of a stack with branches and normalization."""
    inside = [layers.Conv(2, 3, padding=1, name="conv"), layers.BatchNorm(name="norm")]
    branches = layers.Branches([[layers.Activation("relu6")], [layers.Dropout()]])
    parts = [layers.Residual(inside, name="sum"), branches, layers.GlobalPool("max")]
    stack = layers.Stack(parts, input_shape=(2, SIDE, SIDE // 2))
    weights = {"sum.conv": (np.resize(k, (2, 2, 3, 3)), np.resize(k, 2))}
    weights["sum.norm"] = (np.resize(k, 2),) * 3 + (np.abs(np.resize(k, 2)),)
    before, found = stack.backward(a.reshape(2, SIDE, -1), weights, np.resize(k, 4), training=True)
    return [before, *found["sum.conv"], *found["sum.norm"][:2]]


def _learned(a, k):
    fitted = imfilter.fit_kernel(a, imfilter.correlate(a, k, dtype=a.dtype), 3)
    return fitted.kernel, fitted.apply(a)


def _forecast(a, k):
    forecaster = series.fit_forecaster(a, 3, axis=0)
    return forecaster.kernel, forecaster.forecast(2), forecaster.predict(a)


def _streamed(a, k):
    stream = series.Stream(series.median, 3, channels=SIDE)
    return stream.push(a[:7]), stream.push(a[7]), stream.push(a[8:])


def _cascade(a, k):
    return series.Cascade(partial(series.median, size=3), partial(series.gaussian, sigma=1.0))(a)


def _image(name, *args, **options):
    return lambda a, k: getattr(imfilter, name)(a, *args, **options)


def _series(name, *args, **options):
    return lambda a, k: getattr(series, name)(a, *args, **options)


def _rgb(a):
    return a.reshape(-1, 8, 3)


#: By module and name: a call with an image `a` of `SIDE` x `SIDE` and a kernel `k` of 3 x 3, of the same
#: type.
CALLS = {
    ".correlate": lambda a, k: imfilter.correlate(a, k),
    ".convolve": lambda a, k: imfilter.convolve(a, k, stride=2),
    ".gaussian": _image("gaussian", 1.2),
    ".gaussian by cosines": lambda a, k: imfilter.gaussian(np.tile(a, (8, 8)), 12),
    ".box": _image("box", 4),
    ".sharpen": _image("sharpen", 0.3),
    ".unsharp_mask": _image("unsharp_mask", 1.0),
    ".median": _image("median"),
    ".median of many": _image("median", 11),
    ".median of a footprint": lambda a, k: imfilter.median(a, footprint=k),
    ".median with a border": _image("median", mode="constant", cval=0.5),
    ".median, typed": lambda a, k: imfilter.median(
        a, mode="constant", cval=0.3, dtype=a.dtype.newbyteorder("=")
    ),
    ".percentile": _image("percentile", 30.0, 5),
    ".minimum": _image("minimum", 7),
    ".maximum": _image("maximum", 2, mode="constant", cval=np.nan),
    ".bilateral": _image("bilateral", 1.0, 20.0),
    ".bilateral with a guide": lambda a, k: imfilter.bilateral(a, 1.0, 20.0, guide=a[::-1]),
    ".bilateral of sampled levels": _image("bilateral", 1.0, 20.0, method="sampled"),
    ".guided": _image("guided", 2, 50.0),
    ".guided with a guide": lambda a, k: imfilter.guided(a, 1, 50.0, guide=a[::-1]),
    ".local_variance": _image("local_variance", 5),
    ".local_variance of a footprint": lambda a, k: imfilter.local_variance(a, footprint=k),
    ".local_std": _image("local_std", window="gaussian"),
    ".local_entropy": _image("local_entropy", 4, levels=16, value_range=(0, 200)),
    ".estimate_noise": _image("estimate_noise"),
    ".total_variation": _image("total_variation", 5.0),
    ".anisotropic_diffusion": _image("anisotropic_diffusion", 3, 30.0),
    ".non_local_means": _image("non_local_means", patch=3, search=5),
    ".sobel": _image("sobel"),
    ".scharr": _image("scharr", axis=0),
    ".prewitt": _image("prewitt"),
    ".laplacian": _image("laplacian"),
    ".laplacian_of_gaussian": _image("laplacian_of_gaussian", 1.0),
    ".difference_of_gaussians": _image("difference_of_gaussians", 1.0),
    ".generic": _image("generic", lambda window: window[0] - window[-1], 3),
    ".gaussian_gradient_magnitude": _image("gaussian_gradient_magnitude", 1.0),
    ".coverage": lambda a, k: imfilter.coverage(np.abs(a), kernel=k),
    ".fill": lambda a, k: imfilter.fill(a, 1.0, mask=np.arange(a.size).reshape(a.shape) % 3 > 0),
    ".farid": _image("farid", axis=1),
    ".roberts": _image("roberts"),
    ".hessian": _image("hessian", 1.0),
    ".hessian_eigenvalues": _image("hessian_eigenvalues", 1.0),
    ".structure_tensor": _image("structure_tensor"),
    ".structure_tensor_eigenvalues": _image("structure_tensor_eigenvalues"),
    ".orientation": _image("orientation", 1.0),
    ".coherence": _image("coherence", 1.0),
    ".frangi": _image("frangi", (1.0, 1.5)),
    ".sato": _image("sato", (1.0, 1.5)),
    ".meijering": _image("meijering", (1.0, 1.5)),
    ".gabor": _image("gabor", 0.25, 0.6, part="magnitude"),
    ".steered": _image("steered", 1.0, 0.6, order=2),
    ".clahe": _image("clahe", 9, value_range=(0, 200)),
    ".clahe of the range": _image("clahe", 12, bins=9),
    ".butterworth": _image("butterworth", 0.1),
    ".homomorphic": lambda a, k: imfilter.homomorphic(np.abs(a), 0.1),
    ".wiener": lambda a, k: imfilter.wiener(a, k),
    ".richardson_lucy": lambda a, k: imfilter.richardson_lucy(a, np.abs(k), 3),
    ".rolling_ball": _image("rolling_ball", 3),
    ".canny": _image("canny", 10.0, 20.0, sigma=1.0),
    ".canny by shares": _image("canny", 0.1, 0.2),
    ".hysteresis_threshold": _image("hysteresis_threshold", 10, 40),
    ".harris": _image("harris"),
    ".shi_tomasi": _image("shi_tomasi", window="gaussian"),
    ".corner_peaks": _image("corner_peaks", min_distance=2, refine=True),
    ".hog": _image("hog", visualize=True),
    ".hog in colour": lambda a, k: imfilter.hog(
        a.reshape(12, 16, 3), channel_axis=-1, pixels_per_cell=4, transform_sqrt=False, interpolate=True
    ),
    ".max_pool": _image("max_pool", 3),
    ".avg_pool": _image("avg_pool", 2),
    ".global_pool": _image("global_pool", "min"),
    ".pyramid_pool": _image("pyramid_pool"),
    ".match_template": lambda a, k: imfilter.match_template(a, np.array([[1.0, 2.0], [4.0, 0.5]])),
    ".match_template with a mask": lambda a, k: imfilter.match_template(
        a, np.array([[1.0, 2.0], [4.0, 0.5]]), template_mask=[[1, 1], [1, 0]]
    ),
    ".blobs": _image("blobs", 1.0, 2.0),
    ".resize": _image("resize", 7, method="cubic"),
    ".resize to a larger size": _image("resize", scale=1.4, method="lanczos", mode="constant", cval=1.5),
    ".resize to means": _image("resize", scale=0.5),
    ".pyramid": lambda a, k: imfilter.pyramid(a, 2)[1],
    ".from_pyramid": lambda a, k: imfilter.from_pyramid(imfilter.pyramid(a, 2, kind="laplacian")),
    ".fit_kernel": _learned,
    **{
        f"threshold.{name}": partial(lambda name, a, k: getattr(threshold, name)(a), name)
        for name in ("isodata", "li", "mean", "multi_otsu", "niblack", "otsu", "sauvola", "triangle", "yen")
    },
    "threshold.minimum": lambda a, k: threshold.minimum(
        np.concatenate([np.sort(a, None)[:9], np.sort(a, None)[-9:]])
    ),
    **{
        f"morphology.{name}": partial(lambda name, a, k: getattr(morphology, name)(a), name)
        for name in ("black_tophat", "closing", "dilation", "erosion", "gradient", "opening", "white_tophat")
    },
    "morphology.erosion with weights": lambda a, k: morphology.erosion(a, weights=k, mode="mirror"),
    "threshold.local": lambda a, k: threshold.local(a, 5),
    "morphology.distance": lambda a, k: morphology.distance(a > 60, indices=True),
    "morphology.skeleton": lambda a, k: morphology.skeleton(a > 60),
    "morphology.thin": lambda a, k: morphology.thin(a > 60, 1),
    **{
        f"morphology.{name}": partial(
            lambda name, args, a, k: getattr(morphology, name)(a, *args), name, args
        )
        for name, args in {
            **dict.fromkeys(("clear_border", "fill_holes", "local_maxima", "local_minima"), ()),
            **dict.fromkeys(("area_closing", "area_opening"), (7,)),
            **dict.fromkeys(("h_maxima", "h_minima"), (3,)),
            "hit_or_miss": ([[0, 1], [1, 1]],),
        }.items()
    },
    "morphology.reconstruction": lambda a, k: morphology.reconstruction(np.minimum(a, a[::-1]), a),
    "color.rgb_to_gray": lambda a, k: color.rgb_to_gray(_rgb(a)),
    "color.rgb_to_lab": lambda a, k: color.rgb_to_lab(_rgb(a)),
    "color.lab_to_rgb": lambda a, k: color.lab_to_rgb(_rgb(a)),
    "color.lab_to_lch": lambda a, k: color.lab_to_lch(_rgb(a)),
    "color.lch_to_lab": lambda a, k: color.lch_to_lab(_rgb(a)),
    "layers.conv": lambda a, k: layers.conv(a[None], k[None, None], k[0, :1]),
    "layers.depthwise": lambda a, k: layers.depthwise(a[None], k[None, None]),
    "layers.pointwise": lambda a, k: layers.pointwise(a[None], k[:, :1]),
    "layers.depthwise_separable": lambda a, k: layers.depthwise_separable(a[None], k[None, None], k[:, :1]),
    "layers.dynamic_conv": lambda a, k: layers.dynamic_conv(a[None, None], k[None, None, None]),
    "layers.conv_transpose": lambda a, k: layers.conv_transpose(a[None], k[None, None], stride=2),
    "layers.conv_input_gradient": lambda a, k: layers.conv_input_gradient(
        a[None], k[None, None], (SIDE + 2, SIDE + 2)
    ),
    "layers.conv_weight_gradient": lambda a, k: layers.conv_weight_gradient(a[None, 2:, 2:], a[None], (3, 3)),
    "layers.conv_bias_gradient": lambda a, k: layers.conv_bias_gradient(a[None, None]),
    "layers.max_pool_gradient": lambda a, k: layers.max_pool_gradient(
        a[None, None, ::2, ::2], a[None, None], 2
    ),
    "layers.avg_pool_gradient": lambda a, k: layers.avg_pool_gradient(
        a[None, None, ::2, ::2], a[None, None], 2
    ),
    "layers.prepare": lambda a, k: layers.prepare(k[None, None], k[0, :1])(a[None]),
    "layers.PreparedConv": lambda a, k: layers.prepare(k[None, None]).weight + 0 * a[0, 0],
    "layers.cross_entropy": lambda a, k: layers.cross_entropy(a, (k.ravel() > 0)[0] + np.arange(SIDE) % 9),
    "layers.Stack": _stack,
    "layers.Stack, backwards": _backward,
    "series.moving_apply": _series("moving_apply", lambda window: window[0] - window[-1], 4),
    "series.moving_average": _series("moving_average", 4),
    "series.weighted_average": lambda a, k: series.weighted_average(a, np.abs(k[0]) + k.dtype.type(1)),
    "series.gaussian": _series("gaussian", 1.0),
    "series.median": _series("median", 4),
    "series.moving_minimum": _series("moving_minimum", 4),
    "series.moving_maximum": _series("moving_maximum", 5),
    "series.moving_sum": _series("moving_sum", 4),
    "series.moving_std": _series("moving_std", 4),
    "series.moving_variance": _series("moving_variance", 5),
    "series.moving_quantile": _series("moving_quantile", 4, 0.3),
    "series.moving_rank": _series("moving_rank", 4),
    "series.exponential": _series("exponential", alpha=0.3),
    "series.savgol": _series("savgol", 5, 2),
    "series.difference": _series("difference"),
    "series.causal": lambda a, k: series.causal(a, k[0]),
    "series.embed": lambda a, k: series.embed(a, [partial(series.causal, kernel=k[0])]),
    "series.fit_forecaster": _forecast,
    "series.Forecaster": lambda a, k: series.fit_forecaster(a[0], 2).residuals,
    "series.Cascade": _cascade,
    "series.Stream": _streamed,
    "show.saliency": lambda a, k: show.saliency(*_dense(k), a[None, :3, :3], 1),
    "show.guided_backprop": lambda a, k: show.guided_backprop(*_dense(k), a[None, :3, :3], 1),
    "show.class_model": lambda a, k: show.class_model(*_dense(k), 1, steps=2),
    "show.activity": lambda a, k: list(show.activity(*_dense(k), a[None, None, :3, :3]).zeros.values()),
    "show.embed": lambda a, k: show.embed(*_dense(k), a[None, :3, :3]),
    "show.kernels": lambda a, k: show.kernels(k),
    "show.feature_maps": lambda a, k: show.feature_maps(a.reshape(4, 12, 12)),
    "show.patches": lambda a, k: show.patches(a, k, 2, return_places=True),
    "show.occlusion_map": lambda a, k: show.occlusion_map(a, lambda x: float(x.astype(float).sum()), 8, 8),
    "sklearn.HOG": lambda a, k: HOG().fit_transform(a[None]),
}


def public():
    """The names that must have a call."""
    modules = {"": imfilter, "color": color, "layers": layers, "series": series, "show": show}
    modules |= {"threshold": threshold, "morphology": morphology}
    return {
        f"{prefix}.{name}"
        for prefix, module in modules.items()
        for name in module.__all__
        if name not in WITHOUT[prefix]
    }


def arrays(result):
    """The arrays and numbers of a result, as arrays."""
    if isinstance(result, tuple | list):
        return [one for part in result for one in arrays(part)]
    return [np.asarray(result)]
