"""The paragraphs that several docstrings share.

``python docs/paragraphs.py`` writes them into the source. A test checks that the source contains them. Each
paragraph belongs to a section of the docstring and to a name in it, for example the parameter `mode`. Images,
series and layers have separate paragraphs.
"""

import ast
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "imfilter"

#: The texts are in a file beside this one, which is no package: a test loads this file by its path.
_TEXTS = runpy.run_path(str(Path(__file__).with_name("paragraph_texts.py")))
IMAGES = _TEXTS["IMAGES"]
MORPHOLOGY = _TEXTS["MORPHOLOGY"]
GLOBAL = _TEXTS["GLOBAL"]
POOLS = _TEXTS["POOLS"]
SERIES = _TEXTS["SERIES"]
LAYERS = _TEXTS["LAYERS"]
RANKS = _TEXTS["RANKS"]
ERRORS = _TEXTS["ERRORS"]
RESULTS = _TEXTS["RESULTS"]

#: The paragraphs of modules of morphology. The others have those of regions, where `out` has any type.
REGIONS = {name: text for name, text in IMAGES.items() if name != "out"}
_OF_MORPHOLOGY: dict[str, list[dict[str, str]]] = {
    **{name: [MORPHOLOGY] for name in ("grey", "openings", "differences", "distances")},
    **{name: [] for name in ("elements", "thinning")},
}

#: The functions that have each kind of result.
_KINDS = {
    "keeps": (
        *("anisotropic_diffusion", "bilateral", "box", "guided", "maximum", "non_local_means", "sharpen"),
        *("total_variation", "unsharp_mask"),
    ),
    "derives": (
        *("convolve", "correlate", "difference_of_gaussians", "gaussian_gradient_magnitude", "laplacian"),
        *("laplacian_of_gaussian", "prewitt", "scharr", "sobel"),
    ),
    "ranks": ("maximum", "median", "minimum", "percentile"),
    "series keeps": (
        *("exponential", "gaussian", "median", "moving_average", "moving_maximum", "moving_minimum"),
        *("moving_quantile", "weighted_average"),
    ),
    "series derives": (
        *("causal", "difference", "moving_apply", "moving_rank", "moving_std", "moving_sum"),
        "moving_variance",
    ),
}

#: Entries that a function describes in its own words, although a shared paragraph has the same name.
_OWN: dict[str, tuple[str, ...]] = {
    "absent.coverage": ("mask", "size", "footprint", "mode", "cval", "out"),
    "absent.fill": ("mask", "nan", "spacing", "ndarray"),
    "arithmetic.memory": ("dtype",),
    "blob_detection.blobs": ("image",),
    "color.rgb_to_gray": ("image", "channel_axis", "out", "ValueError"),
    "color.rgb_to_lab": ("image", "channel_axis", "TypeError", "ValueError"),
    "color.lab_to_rgb": ("channel_axis", "dtype", "out", "TypeError", "ValueError"),
    "color.lab_to_lch": ("TypeError",),
    "color.lch_to_lab": ("TypeError",),
    "contrast.clahe": ("size", "min_coverage"),
    "control.plan": ("dtype",),
    "convolution.correlate": ("ndarray",),
    "convolution.convolve": ("ndarray",),
    "corners.harris": ("image", "size", "mode", "cval"),
    "corners.shi_tomasi": ("image",),
    "denoising.estimate_noise": ("nan", "channel_axis"),
    "denoising.non_local_means": ("min_coverage", "channel_axis"),
    "diffusion.total_variation": ("nan", "channel_axis"),
    "diffusion.anisotropic_diffusion": ("nan",),
    "descriptor.hog": ("image", "channel_axis", "ValueError"),
    "edges.canny": ("image", "mode", "out", "TypeError"),
    "edges.hysteresis_threshold": ("image", "TypeError", "ValueError"),
    "io.write": ("image", "ValueError"),
    "edge_preserving.bilateral": ("channel_axis",),
    "edge_preserving.guided": ("radius", "channel_axis"),
    "learn.fit_kernel": ("mode", "axes", "channel_axis", "ValueError"),
    "sheets.feature_maps": ("channel_axis",),
    "searching.patches": ("size", "channel_axis", "ValueError"),
    "searching.occlusion_map": ("image", "size", "channel_axis", "TypeError"),
    "local_statistics.local_variance": ("ndarray",),
    "local_statistics.local_std": ("ndarray",),
    "local_statistics.local_entropy": ("ndarray",),
    "smooth.box": ("size",),
    "frequency.butterworth": ("mode", "mask", "nan", "min_coverage", "spacing", "ndarray"),
    "frequency.homomorphic": ("image", "mode", "mask", "nan", "min_coverage", "spacing", "ndarray"),
    "restoration.richardson_lucy": ("image", "mode", "nan", "min_coverage", "ndarray"),
    "restoration.rolling_ball": ("mode", "radius"),
    "restoration.wiener": ("mode", "mask", "nan", "min_coverage", "ndarray"),
    "windows.generic": ("size", "nan", "TypeError", "ValueError", "padding", "stride"),
    "distances.distance": ("image", "spacing", "axes", "dtype", "out"),
    "geodesic.reconstruction": ("mask", "footprint", "out", "workers", "TypeError", "ValueError"),
    "neighbourhoods.local": ("size", "nan"),
    "neighbourhoods.niblack": ("size",),
    "neighbourhoods.sauvola": ("size",),
    "shapes.minimum": ("ValueError",),
    "weights.gaussian": ("truncate", "radius"),
    "weights.box": ("size", "ndarray"),
    "weights.laplacian": ("ndarray",),
    "applying.moving_apply": ("nan", "TypeError"),
    "causality.causal": ("ndarray",),
    "exponentials.exponential": ("align",),
    "causality.check_causal": ("x", "TypeError", "ValueError"),
    "embedding.embed": ("x", "ValueError"),
    "forecasting.fit_forecaster": ("x", "ValueError"),
    "arithmetic.output_shape": ("stride", "padding", "dilation"),
    "arithmetic.parameters": ("groups",),
    "arithmetic.multiplications": ("groups",),
    "backward.conv_transpose": ("stride", "padding", "dilation", "groups"),
    "convolution.conv": ("groups",),
    "convolution.dynamic_conv": ("workers",),
    "pool_gradients.max_pool_gradient": ("size",),
    "pool_gradients.avg_pool_gradient": ("size",),
}


def _shared(path: Path, function: str) -> dict[tuple[str, str], str]:
    """Return the paragraphs of a function, by section and name."""
    folder = path.parent.name
    images = folder not in ("series", "layers")
    groups = {"series": [SERIES], "layers": [LAYERS]}.get(folder, [IMAGES])
    if folder == "threshold" and path.stem != "neighbourhoods":
        groups = [GLOBAL]
    if folder == "morphology":
        groups = _OF_MORPHOLOGY.get(path.stem, [REGIONS])
    if path.stem in ("pool", "pool_cells"):
        groups = [IMAGES, POOLS]
    if path.stem in ("rank", "extremes") and images:
        groups = [IMAGES, RANKS]
    if path.stem == "pool_gradients":
        groups = [LAYERS, POOLS]
    found = {("Parameters", name): text for group in groups for name, text in group.items()}
    for kind, names in _KINDS.items():
        if function in names and kind.startswith("series") != images:
            found["Returns", "ndarray"] = RESULTS[kind]
    own = _OWN.get(f"{path.stem}.{function}", ())
    errors = ERRORS.split("\nValueError")
    found["Raises", "TypeError"], found["Raises", "ValueError"] = errors[0], "ValueError" + errors[1]
    return {key: text for key, text in found.items() if key[1] not in own}


def _entries(lines: list[str], indent: str) -> Iterator[tuple[str, str, int, int]]:
    """Yield section, name, first line and end of each entry of a docstring."""
    section, begun = "", None
    for number, line in enumerate([*lines, indent + "end"]):
        text = line[len(indent) :]
        starts = line.startswith(indent) and text[:1] not in ("", " ")
        if starts and begun is not None:
            end = number
            while not lines[end - 1].strip():
                end -= 1
            yield section, lines[begun].strip().split(" : ")[0], begun, end
            begun = None
        if number + 1 < len(lines) and set(lines[number + 1].strip()) == {"-"}:
            section = text
        elif starts and set(text) != {"-"} and section in ("Parameters", "Returns", "Raises"):
            begun = number


def written(path: Path) -> str:
    """Return the source of a module with the shared paragraphs in its docstrings."""
    source = path.read_text()
    lines = source.split("\n")
    functions = [n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef) and n.name[0] != "_"]
    for function in reversed(functions):
        doc = function.body[0]
        if ast.get_docstring(function) is None:
            continue
        first, last = doc.lineno - 1, doc.end_lineno or 0
        texts = _shared(path, function.name)
        for section, name, begin, end in reversed(list(_entries(lines[first:last], "    "))):
            text = texts.get((section, name))
            if text is not None:
                new = [("    " + line).rstrip() for line in text.split("\n")]
                lines[first + begin : first + end] = new
    return "\n".join(lines)


def modules() -> list[Path]:
    """Return the modules with public functions."""
    return [
        p
        for folder in (".", "series", "show", "layers", "threshold", "morphology")
        for p in sorted((PACKAGE / folder).glob("*.py"))
    ]


if __name__ == "__main__":
    for module in modules():
        text = written(module)
        if text != module.read_text():
            module.write_text(text)
            sys.stdout.write(f"{module.relative_to(PACKAGE.parent)}\n")
