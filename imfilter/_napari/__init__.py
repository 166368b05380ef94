"""The plugin for napari: forms made from the signatures, and layers made from the results.

Only `widgets` imports napari and magicgui, and only when napari opens a widget.
"""
