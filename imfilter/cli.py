"""The command ``imfilter FILTER IN OUT --option value``.

Before a filter runs, no module larger than click is imported, so the help appears without delay.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, NoReturn

import click

from ._cli import completion, ending, messages, pipe_command, warmup
from ._cli.catalogue import FILTERS, check_format, families, hint
from ._cli.command import Command
from ._cli.denoise_table import NOISE
from ._cli.notes import FILE_NOTES, NOTES
from ._cli.options import click_option
from ._cli.play_table import PLAY
from ._cli.series_table import SERIES
from ._cli.shown_table import SHOWN
from ._cli.table import FILES, LIMITS, MANY, MASK, MIN_COVERAGE, SHARED, find, options_of

_WARMUP, _SHOW, _SERIES, _PIPE, _PLAY = "warmup", "show", "series", pipe_command.NAME, "play"
_COMPLETION = "completion"
_ABOUT = "Filter an image file: imfilter FILTER IN OUT --option value."


class _Filters(completion.Group):
    """The commands of the table. Each is created on first use."""

    #: The commands that are no filter of one picture.
    others = (_PIPE, NOISE, _SHOW, _SERIES, _PLAY, _WARMUP, _COMPLETION)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*(command.name for command in FILTERS), *self.others]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        groups = {title: [(f.name, f.summary) for f in filters] for title, filters in families().items()}
        others = ((name, self.get_command(ctx, name)) for name in self.others)
        groups["Other commands"] = [(name, one.short_help or "") for name, one in others if one is not None]
        width = max(len(name) for rows in groups.values() for name, _ in rows)
        for title, rows in groups.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), about) for name, about in rows])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name == _WARMUP:
            return click.Command(_WARMUP, callback=_warmup, help=warmup.ABOUT, short_help="Compile ahead.")
        if cmd_name == _COMPLETION:
            return completion.command(self)
        if cmd_name.replace("-", "_") == NOISE:
            return _noise_command()
        if cmd_name == _PIPE:
            return pipe_command.command(_guarded, _run_pictures)
        if cmd_name == _PLAY:
            return _play_command()
        if cmd_name in (_SHOW, _SERIES):
            return _show if cmd_name == _SHOW else _series
        command = find(cmd_name, FILTERS)
        return None if command is None else _click_command(command)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Options that filters share"):
            shared = (*MASK, MIN_COVERAGE, *LIMITS, *SHARED, *FILES, *MANY)
            records = [click_option(option).get_help_record(ctx) for option in shared]
            formatter.write_dl([record for record in records if record is not None])
        super().format_epilog(ctx, formatter)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if not ctx.resilient_parsing:  # the Tab key completes what is right
            _check_name(args[0], "filter", self.list_commands(ctx), "imfilter --help")
        return super().resolve_command(ctx, args)


class _Section(completion.Group):
    """The subcommands of one table."""

    def __init__(self, name: str, table: tuple[Command, ...], noun: str, **words: Any) -> None:
        super().__init__(name, no_args_is_help=False, options_metavar="[--help]", **words)
        self._table, self._noun = table, noun

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [command.name for command in self._table]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = find(cmd_name, self._table)
        return None if command is None else _click_command(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if not ctx.resilient_parsing:
            _check_name(args[0], self._noun, self.list_commands(ctx), f"imfilter {self.name} --help")
        return super().resolve_command(ctx, args)


def _check_name(name: str, noun: str, known: list[str], help_command: str) -> None:
    spelled = name.replace("-", "_")
    if name.startswith("-") or spelled in known:
        return
    raise click.UsageError(f"unknown {noun} {name!r}{hint(name, known) or f'; see {help_command}'}")


_show = _Section(
    _SHOW,
    SHOWN,
    "picture",
    help="Draw kernels, feature maps, patches with a strong response, and what a network looks at.",
    short_help="Draw kernels, feature maps, patches, networks.",
    epilog="Example: imfilter show kernels weights.npy kernels.png",
    subcommand_metavar="PICTURE IN OUT [--option value]...",
)
_series = _Section(
    _SERIES,
    SERIES,
    "filter",
    help="Filter a time series: columns of a table (CSV, TSV) or an array (.npy), whole or as a stream.",
    short_help="Filter columns of a table, or a stream.",
    epilog="Example: imfilter series moving_average prices.csv out.csv --column price --size 5",
    subcommand_metavar="FILTER IN OUT [--option value]...",
)
_FIRST = {
    None: "missing filter; for example: imfilter sobel in.png out.png",
    _SHOW: "missing picture; for example: imfilter show kernels weights.npy kernels.png",
    _SERIES: "missing filter; for example: imfilter series moving_average in.csv out.csv --size 5",
}


def _click_command(command: Command) -> click.Command:
    def run(source: Any, destination: str, **options: Any) -> int:
        return _run(command, source, destination, options)

    def run_pictures(paths: tuple[str, ...], **options: Any) -> int:
        return _run_pictures(lambda *job: _filter(command, *job), paths, options, command.name)

    several = command.name == "patches"
    pictures = () if command.kind in ("shown", "network", "series") else FILE_NOTES
    arguments = [
        click.Argument(["source"], metavar="IN...", nargs=-1, required=True, shell_complete=completion.files)
        if several
        else click.Argument(["source"], metavar="IN", shell_complete=completion.files),
        click.Argument(["destination"], metavar="OUT", shell_complete=completion.files),
    ]
    if pictures:
        arguments = [
            click.Argument(["paths"], metavar="IN... OUT", nargs=-1, shell_complete=completion.files)
        ]
    return click.Command(
        command.name,
        params=[*arguments, *(click_option(option) for option in options_of(command))],
        callback=run_pictures if pictures else run,
        help="\n\n".join([command.summary, *NOTES[command.kind], *pictures]),
        short_help=command.summary,
        epilog=f"Example: imfilter {command.example}",
    )


def _noise_command() -> click.Command:
    def run(source: str, **options: Any) -> int:
        return _guarded(lambda: _print_noise(source, options), f"{source}: ", options)

    shared = {option.name: option for option in (*MASK, *SHARED, *FILES)}
    names = ("mask", "nodata", "nan", "workers", "channel_axis", "max_pixels")
    about = "Print the standard deviation of the noise of a picture, one number for each channel."
    return click.Command(
        NOISE,
        params=[
            click.Argument(["source"], metavar="IN", shell_complete=completion.files),
            *(click_option(shared[name]) for name in names),
        ],
        callback=run,
        help=f"{about}\n\nThe numbers are in the unit of the pixels: 0 to 255 in pictures of 8 bits.",
        short_help="Print the noise of a picture.",
        epilog="Example: imfilter estimate-noise in.png",
    )


def _play_command() -> click.Command:
    from ._play import run as play

    def run(picture: str | None, port: int, browser: bool, max_pixels: int) -> int:
        return _guarded(
            lambda: play.run(picture, port=port, browser=browser, max_pixels=max_pixels or None), "play: "
        )

    return click.Command(
        _PLAY,
        params=[
            click.Argument(["picture"], metavar="[PICTURE]", required=False),
            *(click_option(option) for option in PLAY),
        ],
        callback=run,
        help=play.ABOUT,
        short_help="Try the filters in the browser.",
        epilog="Example: imfilter play photo.jpg",
    )


def _print_noise(source: str, options: dict[str, Any]) -> None:
    from ._cli import denoising

    denoising.print_noise(source, options)


def _show_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        import imfilter

        click.echo(f"imfilter {imfilter.__version__}")
        ctx.exit()


_command = _Filters(
    "imfilter",
    help=_ABOUT,
    epilog="Example: imfilter sobel photo.jpg edges.png (the options of a filter: imfilter sobel --help)",
    no_args_is_help=False,
    options_metavar="[--help]",
    subcommand_metavar="FILTER IN OUT [--option value]...",
    params=[
        click.Option(
            ["--version"],
            is_flag=True,
            expose_value=False,
            is_eager=True,
            callback=_show_version,
            help="Show the version and exit.",
        )
    ],
    # Options with underscores, as in the functions, are accepted, too.
    context_settings={
        "max_content_width": 100,
        "token_normalize_func": lambda token: token.replace("_", "-"),
    },
)


def _run(command: Command, source: Any, destination: str, options: dict[str, Any]) -> int:
    """Draw a picture, or filter a series."""
    if command.kind in ("shown", "network"):
        sources = [source] if isinstance(source, str) else list(source)
        return _guarded(lambda: _draw(command, sources, destination, options), f"{sources[0]}: ", options)
    return _guarded(lambda: _filter_series(command, source, destination, options), f"{source}: ", options)


def _run_pictures(
    work: Callable[..., None], paths: Sequence[str], options: dict[str, Any], label: str
) -> int:
    """Filter one picture, or many pictures into a folder."""
    if len(paths) < 2:
        raise click.UsageError(f"missing argument '{('IN', 'OUT')[len(paths)]}'")
    *sources, destination = paths

    def run() -> None:
        from ._cli import folders, second

        second.check(options)
        check_format(label, options["format"])
        if folders.several(sources, destination):
            from ._cli import many

            many.run(work, sources, destination, options, label)
        elif not (options["skip_existing"] and folders.is_result(destination)):
            work(sources[0], destination, options)

    return _guarded(run, f"{sources[0]}: ", options)


def _filter(command: Command, source: str, destination: str, options: Mapping[str, Any]) -> None:
    from ._cli import one_file

    one_file.run(command, source, destination, options)


def _draw(command: Command, sources: list[str], destination: str, options: dict[str, Any]) -> None:
    from ._cli import networks, shown

    if command.kind == "network":
        networks.run(command, sources[0], destination, options)
    else:
        shown.run(command, sources, destination, options)


def _filter_series(command: Command, source: str, destination: str, options: dict[str, Any]) -> None:
    from ._cli import series

    series.run(command, source, destination, options)


def _warmup() -> int:
    return _guarded(warmup.run)


def _guarded(work: Callable[[], None], subject: str = "", options: Container[str] = ()) -> int:
    """Do the work and return the exit code. Every failure is one line and a number.

    Messages of functions name keywords. They become `options`.
    """
    try:
        work()
    except KeyboardInterrupt:
        return 130
    except MemoryError:
        return _fail(f"{subject}not enough memory", 1)
    except BrokenPipeError:  # the reader of standard output has closed it
        ending.discard()
    except (OSError, ImportError, RuntimeError) as error:  # includes FileError, whose message is complete
        return _fail(str(error), 1)
    except (ValueError, TypeError, OverflowError) as error:  # the message of the filter about its options
        return _fail(messages.of_options(str(error), options), 2)
    return 0


def _fail(message: str, code: int) -> int:
    messages.say("error", message)
    return code


def call(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0, 1 (file error), 2 (usage error) or 130 (Ctrl-C).

    Parameters
    ----------
    arguments : sequence of str or None
        The arguments after the word ``imfilter``. Default None: those of this process.
    """
    try:
        with messages.shown():
            code = _command.main(
                None if arguments is None else list(arguments), prog_name="imfilter", standalone_mode=False
            )
    except click.Abort:
        return 130
    except click.ClickException as error:
        given = sys.argv[1:] if arguments is None else arguments
        return _fail(f"{_sentence(error)}{_file_hint(error, given)}", 2)
    except BrokenPipeError:
        ending.discard()
        return 0
    except OSError as error:  # of the help or the version; commands handle their own errors
        ending.discard()
        return ending.full(error)
    return code if isinstance(code, int) else 0


def _sentence(error: click.ClickException) -> str:
    text = error.format_message()
    if text.startswith("Missing command"):
        context = error.ctx if isinstance(error, click.UsageError) else None
        text = _FIRST.get(context.info_name if context else None, _FIRST[None])
    return text[:1].lower() + text[1:].removesuffix(".")


def _file_hint(error: click.ClickException, arguments: Sequence[str]) -> str:
    """Return what to write for a file whose name starts like an option."""
    if isinstance(error, click.NoSuchOption):
        for word in arguments:
            if not word.startswith(error.option_name):
                continue
            if os.path.exists(word) or ("=" not in word and os.path.splitext(word)[1][1:2].isalpha()):
                return f"; for a file of this name, write ./{word}"
    return ""


def main() -> NoReturn:
    """Run as the console script: end the process with the exit code."""
    # Garbage collection during the imports takes a tenth of a second, and the process runs one filter only.
    gc.disable()
    # NumPy's library of matrix products starts a thread for each core, which looks for work for 0.1 s. If it
    # waits earlier, a small picture takes 0.20 instead of 0.22 s, and 0.20 instead of 0.32 s of processors.
    # After 2**16 cycles a loop of products still finds it awake: 1920x1080 float64 by a vector take 127 us
    # with 16 as without a limit, and 155 with 4.
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "16")
    ending.on_signals()
    code = ending.flushed(call())
    # Otherwise the interpreter collects the garbage of the whole process at its end: 5 % of a short command.
    gc.freeze()
    sys.exit(code)


if __name__ == "__main__":
    main()
