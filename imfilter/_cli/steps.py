"""The steps of ``imfilter pipe``: words of the command, or a file of steps. Both become rows of the table."""

from __future__ import annotations

import inspect
import operator
import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import click
import numpy as np

from .._files import steps as step_files
from . import streams
from .catalogue import STEPS, hint, step_of
from .command import Command, Option
from .options import click_option
from .streams import STANDARD
from .table import BORDER, PER_CHANNEL, PIPE, find, options_of
from .task import AXES, Filter
from .threshold_table import THRESHOLD

_THRESHOLD, _WHICH = "threshold.", "which"
#: Keywords that belong to the call of a pipeline.
_NOT_SAVED = ("workers", "nan")


class Step(NamedTuple):
    """A filter of the table and its options. `plain`: all of them are options of the command."""

    number: int
    command: Command
    options: dict[str, Any]
    plain: bool = True

    @property
    def title(self) -> str:
        """The step in messages."""
        return f"step {self.number}, {self.command.name}"


def options_of_step(command: Command) -> tuple[Option, ...]:
    """Return the options of a filter that a step has. Others belong to all steps."""
    shared = {option.name for option in PIPE} - {option.name for option in (*BORDER, *command.options)}
    return tuple(option for option in options_of(command) if option.name not in shared)


def parse(texts: Sequence[str], normalize: Callable[[str], str] | None = None) -> list[Step]:
    """Return the steps of words such as ``gaussian --sigma 2``.

    Parameters
    ----------
    texts : sequence of str
        The name of a filter and its options, as on a command line.
    normalize : callable, optional
        Spells the names of options.

    Raises
    ------
    ValueError
        If a filter or an option is unknown. The message begins with the step.
    """
    return [_parsed(number, text, normalize) for number, text in enumerate(texts, 1)]


def of_words(
    words: Sequence[str], options: Mapping[str, Any], normalize: Callable[[str], str] | None = None
) -> tuple[list[Step], Sequence[str]]:
    """Return the steps and the files of ``IN... OUT STEP...``. Save the steps if an option says so.

    Parameters
    ----------
    words : sequence of str
        The arguments of the command: two or more.
    options : mapping
        The options ``steps`` and ``save_steps``.
    normalize : callable, optional
        Spells the names of options.

    Raises
    ------
    ValueError
        If a step is wrong.
    """
    first = len(words)
    while first > 2 and find((words[first - 1].split() or [""])[0], STEPS) is not None:
        first -= 1
    if first > 2 and not words[first - 1].endswith("/") and not os.path.isdir(words[first - 1]):
        first = 2  # of the words before, one is a step with a wrong name
    if options["steps"] is not None:
        if first < len(words):
            raise ValueError(f"--steps gives the steps, so none can be arguments, got {words[first]!r}")
        if options["steps"] == STANDARD in words[: first - 1]:
            raise ValueError("IN and --steps are both -, standard input; name a file for one of them")
        found = read(options["steps"])
    elif first == len(words):
        raise ValueError("missing step; for example: imfilter pipe in.png out.png 'gaussian --sigma 2' sobel")
    else:
        found = parse(words[first:], normalize)
    if options["save_steps"] is not None:
        if options["save_steps"] == STANDARD == words[first - 1]:
            raise ValueError("OUT and --save-steps are both -, standard output; name a file for one of them")
        write(options["save_steps"], found)
    return found, words[:first]


def _parsed(number: int, text: str, normalize: Callable[[str], str] | None) -> Step:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ValueError(f"step {number}: {text!r}: {error}") from None
    if not words:
        raise ValueError(f"step {number} is empty; give a filter, for example 'gaussian --sigma 2'")
    command = find(words[0], STEPS)
    if command is None:
        raise ValueError(f"step {number}: unknown filter {words[0]!r}{_hint(words[0])}")
    settings = {} if normalize is None else {"token_normalize_func": normalize}
    parser = click.Command(
        command.name,
        params=[click_option(option) for option in options_of_step(command)],
        context_settings=settings,
        add_help_option=False,
    )
    try:
        options = parser.make_context(command.name, words[1:]).params
    except click.ClickException as error:
        raise ValueError(f"step {number}, {command.name}: {_said(error)}") from None
    return Step(number, command, options)


def _hint(name: str) -> str:
    from .table import COMMANDS

    known = [command.name for command in STEPS]
    spelled = name.replace("-", "_")
    if spelled in {command.name for command in COMMANDS}:
        return "; its result is not a picture that another step can filter"
    return hint(name, known) or f"; it must be one of {', '.join(known)}"


def _said(error: click.ClickException) -> str:
    text = error.format_message().removesuffix(".")
    if isinstance(error, click.NoSuchOption) and _flag(error.option_name) in {_flag(o.name) for o in PIPE}:
        return f"{error.option_name} is an option of pipe, for all steps"
    return text[:1].lower() + text[1:]


def _flag(name: str) -> str:
    return name.lstrip("-").replace("_", "-").removeprefix("no-")


def read(path: str) -> list[Step]:
    """Return the steps of a TOML file or of standard input, whose options are keywords of functions."""
    from imfilter.pipeline import Pipeline

    if path == STANDARD:
        saved = Pipeline(step_files.read(streams.INPUT, streams.standard_input()))
    else:
        saved = Pipeline.from_toml(path)
    found = []
    for number, (name, keywords) in enumerate(saved.steps, 1):
        command = step_of(name)
        if command is None:
            raise ValueError(f"step {number}: {name} is not a filter of the command")
        found.append(_of_function(number, name, command, keywords))
    return found


def _of_function(number: int, name: str, command: Command, keywords: Mapping[str, Any]) -> Step:
    options = {option.name: option.default for option in options_of_step(command)}
    if command is THRESHOLD:
        options["method"] = name.removeprefix(_THRESHOLD)
    more = tuple(Option(word, "text", None, "") for word in keywords if word not in options)
    plain = not more
    if more:  # keywords of the function that the command does not have
        command = command._replace(options=(*command.options, *more))
    return Step(number, command, {**options, **keywords}, plain)


def write(path: str, steps: Sequence[Step]) -> None:
    """Write steps as a TOML file or to standard output, with the keywords of their functions."""
    from imfilter.pipeline import Pipeline

    found = []
    for step in steps:
        try:
            found.append(_keywords(step))
        except (ValueError, TypeError) as error:
            raise type(error)(f"{step.title}: {error}") from None
    saved = Pipeline(found)
    if path != STANDARD:
        saved.to_toml(path)
        return
    with streams.writing() as file:
        file.write(saved.to_toml().encode())


def _keywords(step: Step) -> tuple[str, dict[str, Any]]:
    """Return the function of a step, and the keywords that are not its defaults."""
    import imfilter

    command, options = step.command, step.options
    if options.get(PER_CHANNEL.name):
        raise ValueError(f"{PER_CHANNEL.flag} is not a keyword of the function and cannot be saved")
    name = command.calls or command.name
    if command is THRESHOLD:
        name = f"{_THRESHOLD}{options['method']}"
        values = dict(options)
    else:
        plain = {**options, "workers": None} | ({"axis": None} if "axis" in options else {})
        values = {**Filter(command, plain, 2).options, _WHICH: options.get(_WHICH)}
        axis = options.get("axis")
        values["axis"] = AXES[axis] if isinstance(axis, str) else axis  # for any number of axes
    try:
        parameters = inspect.signature(operator.attrgetter(name)(imfilter)).parameters
    except AttributeError:
        raise ValueError(f"there is no function imfilter.{name}") from None
    defaults = {word: parameter.default for word, parameter in parameters.items() if word not in _NOT_SAVED}
    defaults[_WHICH] = None
    return name, {
        word: value
        for word, value in values.items()
        if word in defaults and value is not None and not same(value, defaults[word])
    }


def same(value: Any, default: Any) -> bool:
    """Tell whether an option has its default. An array has none."""
    return not isinstance(value, (list, np.ndarray)) and bool(value == default)
