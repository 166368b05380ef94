"""The command ``imfilter completion``, and the words and files that complete the values of options."""

from __future__ import annotations

from typing import Any

import click
from click.shell_completion import CompletionItem, get_completion_class

_SHELLS = ("bash", "zsh", "fish")
ABOUT = (
    "Print a script that completes filters, options, their words and file names.\n\n"
    "bash: add  source <(imfilter completion bash)  to ~/.bashrc.\n\n"
    "zsh: add  source <(imfilter completion zsh)  to ~/.zshrc, below compinit.\n\n"
    "fish: imfilter completion fish > ~/.config/fish/completions/imfilter.fish"
)

_BORDERS = ("mirror", "symmetric", "edge", "wrap", "zero", "constant", "shrink")
_DERIVATIVES = ("sobel", "scharr", "prewitt", "farid")
_THRESHOLDS = (
    *("otsu", "multi_otsu", "li", "yen", "triangle", "isodata", "minimum", "mean"),
    *("niblack", "sauvola", "local"),
)
#: Words of options that take a text, by option or by command and option. The tests compare them with the
#: signatures, whose import takes half a second, too long for a key.
WORDS: dict[str, tuple[str, ...]] = {
    "mode": _BORDERS,
    "series mode": ("edge", "zero", "constant", "mirror", "symmetric", "wrap", "shrink", "valid"),
    "series savgol mode": (
        "edge",
        "zero",
        "constant",
        "mirror",
        "symmetric",
        "wrap",
        "shrink",
        "valid",
        "fit",
    ),
    "series exponential mode": ("edge", "zero", "constant", "shrink"),
    "align": ("centre", "causal"),
    "norm": ("l2", "l1"),
    "nms": ("sector", "interpolated"),
    "canny threshold": ("absolute", "quantile", "median", "otsu"),
    "metric": ("euclidean", "chebyshev"),
    "block_norm": ("L1", "L1-sqrt", "L2", "L2-Hys"),
    "feature": ("plane", "line"),
    "operator": _DERIVATIVES,
    "window": ("box", "disc"),
    "bilateral method": ("exact", "sampled"),
    "anisotropic_diffusion function": ("exponential", "rational"),
    "rolling_ball method": ("opening", "erosion"),
    "regularizer": ("laplacian", "constant"),
    "kind": ("low", "high", "band"),
    "blobs method": ("log", "dog", "doh"),
    "reconstruct method": ("dilation", "erosion"),
    "threshold method": _THRESHOLDS,
    "moving_quantile method": ("linear", "lower", "higher", "nearest", "midpoint"),
    "scale": ("common", "each"),
    "names": ("pytorch",),
    "element": ("disk:", "diamond:", "ball:", "star:", "octagon:", "rectangle:", "line:"),
}
#: Words of forms beside those that their parsers know.
_FORM_WORDS: dict[str, tuple[str, ...]] = {
    "padding": ("same", "valid"),
    "axis": ("x", "y", "z"),
    "initial": ("zero", "edge", "valid"),
    "nodata": ("nan", "none"),
    "colour": ("white", "black"),
    "delimiter": ("tab",),
    "cluster": ("local",),
}
#: Forms and options whose values are names of files, or may be.
FILES = ("file", "kernel", "taps", "element", "plot", "weights")


class Group(click.Group):
    """Commands whose names are completed with underscores or, if the user types them, with hyphens."""

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands or the options that begin with a text."""
        if incomplete.startswith("-") or "-" not in incomplete:
            return super().shell_complete(ctx, incomplete)
        found = super().shell_complete(ctx, incomplete.replace("-", "_"))
        return [CompletionItem(str(item.value).replace("_", "-"), help=item.help) for item in found]


def files(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Let the shell complete the name of a file."""
    return [CompletionItem(incomplete, type="file")]


def values(
    form: str, parser: Any, context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the words of an option that begin with a text, and whether a file may be its value.

    Parameters
    ----------
    form : str
        The form of the option.
    parser : callable
        The parser of the form. Its attribute `words`, if it has one, is the list of words.
    context, parameter, incomplete
        What click knows about the option.
    """
    name = parameter.name or ""
    found = [
        CompletionItem(word) for word in _words(form, parser, context, name) if word.startswith(incomplete)
    ]
    # Bash forgets the words before a file.
    return [*files(context, parameter, incomplete), *found] if {form, name} & {*FILES} else found


def _words(form: str, parser: Any, context: click.Context, name: str) -> tuple[str, ...]:
    if form == "kernel":
        from . import kernels

        return tuple(kernels.known_names())
    if name == "network":
        from .shown_table import NETWORKS

        return NETWORKS
    if form == "text":
        return words_of(context.command_path.split()[1:], name)
    return tuple(getattr(parser, "words", ())) or _FORM_WORDS.get(form, ())


def words_of(path: list[str], option: str) -> tuple[str, ...]:
    """Return the words of an option of a command, such as series savgol. The longest entry decides."""
    commands = [name.replace("-", "_") for name in path]
    for key in ([*commands, option], [*commands[-1:], option], [*commands[:1], option], [option]):
        found = WORDS.get(" ".join(key))
        if found is not None:
            return found
    return ()


def command(root: click.Command) -> click.Command:
    """Return the command that prints the script of a shell.

    Parameters
    ----------
    root : click.Command
        The command that the script completes.
    """

    def show(shell: str) -> None:
        kind = get_completion_class(shell)
        assert kind is not None  # one of `_SHELLS`
        click.echo(kind(root, {}, "imfilter", "_IMFILTER_COMPLETE").source(), nl=False)

    return click.Command(
        "completion",
        params=[click.Argument(["shell"], metavar="SHELL", type=click.Choice(_SHELLS))],
        callback=show,
        help=ABOUT,
        short_help="Print a script for the Tab key in bash, zsh or fish.",
        epilog="Example: imfilter completion bash",
    )
