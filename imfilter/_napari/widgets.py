"""The widgets of the plugin. napari calls one of these functions for an entry of its menu."""

from __future__ import annotations

from typing import Any

from imfilter._napari import forms, results

#: Attributes of a layer that place its samples in the world.
_PLACES = ("scale", "translate", "rotate", "shear", "affine", "units")
_HEIGHT = 360  # smallest height of a form in pixels: longer forms scroll


def smooth() -> Any:
    """Return the widget of filters that smooth."""
    return _widget("smooth")


def denoise() -> Any:
    """Return the widget of filters that remove noise and keep edges."""
    return _widget("denoise")


def enhance() -> Any:
    """Return the widget of filters for sharpness, contrast and background."""
    return _widget("enhance")


def edges() -> Any:
    """Return the widget of derivatives and edges."""
    return _widget("edges")


def ridges() -> Any:
    """Return the widget of ridges and orientation."""
    return _widget("ridges")


def statistics() -> Any:
    """Return the widget of local statistics."""
    return _widget("statistics")


def morphology() -> Any:
    """Return the widget of morphology."""
    return _widget("morphology")


def threshold() -> Any:
    """Return the widget of thresholds."""
    return _widget("threshold")


def detect() -> Any:
    """Return the widget of corners and blobs."""
    return _widget("detect")


def _widget(family: str) -> Any:
    """Return a container: the layer, the mask, the filter, its form and a button."""
    import napari
    from magicgui.signature import MagicSignature
    from magicgui.widgets import ComboBox, Container, PushButton
    from napari.layers import Image, Labels
    from napari.qt.threading import create_worker

    viewer = napari.current_viewer()
    if viewer is None:
        raise RuntimeError("the widgets of imfilter need a viewer of napari, and there is none")

    def layers(kinds: tuple[type, ...]) -> list[Any]:
        return [layer for layer in viewer.layers if isinstance(layer, kinds)]

    layer = ComboBox(name="layer", choices=lambda _: layers((Image, Labels)))
    mask = ComboBox(
        name="mask",
        choices=lambda _: [("everything", None), *((each.name, each) for each in layers((Labels,)))],
    )
    mask.tooltip = "Samples that are present: those of a layer of labels that are not 0."
    choices = [(name.rpartition(".")[2], name) for name in forms.FAMILIES[family]]
    chosen = ComboBox(name="filter", choices=choices)
    button = PushButton(name="run", text="Run")
    form = Container(name="form", label="", labels=False)
    whole = Container(widgets=[layer, mask, chosen, form, button], scrollable=True)
    whole.min_height = _HEIGHT

    def change() -> None:
        form.clear()
        signature = MagicSignature.from_signature(forms.signature(chosen.value))
        form.append(signature.to_container(labels=True))
        chosen.tooltip = (forms.function_of(chosen.value).__doc__ or "").partition("\n")[0]
        mask.enabled = "mask" in forms.parameters_of(chosen.value)

    def refresh() -> None:
        layer.reset_choices()
        mask.reset_choices()

    def run() -> Any:
        source = layer.value
        if source is None:
            _say("layer must be an image or labels, and there is no such layer: open one first")
            return None
        name, title = chosen.value, f"{source.name} {chosen.value.rpartition('.')[2]}"
        values = {each.name: each.value for each in form[0]}
        present = mask.value.data if mask.enabled and mask.value is not None else None
        button.enabled = False

        def done(found: Any) -> None:
            if isinstance(found, results.Result):
                _add(viewer, source, found, title)
            else:
                _say(found)

        return create_worker(
            _attempt,
            *(name, _source(source), values, present),
            _connect={"returned": done, "finished": lambda: setattr(button, "enabled", True)},
            _progress={"desc": title},
        )

    chosen.changed.connect(change)
    button.changed.connect(run)
    for event in (
        viewer.layers.events.inserted,
        viewer.layers.events.removed,
        viewer.layers.events.reordered,
    ):
        event.connect(refresh)
    change()
    refresh()
    return whole


def _source(layer: Any) -> results.Source:
    """Return what a filter needs to know about a layer. A layer of several resolutions gives the finest."""
    data = layer.data[0] if getattr(layer, "multiscale", False) else layer.data
    return results.Source(
        data, bool(getattr(layer, "rgb", False)), tuple(layer.scale), type(layer).__name__ == "Labels"
    )


def _attempt(*arguments: Any) -> results.Result | str:
    """Run a filter. Return its result, or its error as one line."""
    try:
        return results.run(*arguments)
    except MemoryError:
        return "not enough memory"
    except Exception as error:  # a filter of another package, such as that of a lazy layer, may raise any
        return " ".join(str(error).split()) or type(error).__name__


def _add(viewer: Any, source: Any, found: results.Result, title: str) -> None:
    """Add a result as a layer at the place of its source."""
    places = {name: getattr(source, name) for name in _PLACES if hasattr(source, name)}
    add = getattr(viewer, f"add_{found.kind}")
    add(found.data, name=title, **places, **found.attributes)


def _say(message: str) -> None:
    """Show an error of one line in napari's notifications."""
    from napari.utils.notifications import show_error

    show_error(f"imfilter: {message}")
