"""The commands that smooth without crossing edges, and their options."""

from __future__ import annotations

from .command import Command, Option

_GUIDE = Option("guide", "file", None, "A file of the size of IN, whose edges are kept.", "IN")

PRESERVING = (
    Command(
        "bilateral",
        "preserving",
        "Smooth without crossing edges: near pixels of similar values count.",
        (
            Option("sigma_space", "numbers", 2.0, "Standard deviation in pixels, or rows,columns."),
            Option("sigma_range", "positive", None, "Standard deviation of values.", "a tenth of white"),
            _GUIDE,
            Option("truncate", "number", 4.0, "Cut the window at this many standard deviations."),
            Option("radius", "integers", None, "Radius of the window in pixels instead.", "from --truncate"),
            Option("window", "text", "box", "Pixels of the window: box, or disc."),
            Option("norm", "text", "l2", "Distance of colours: l2 (root of squares) or l1 (sum)."),
            Option("method", "text", "exact", "exact, or sampled: fast for large windows, of one channel."),
        ),
        "bilateral in.png out.png --sigma-space 3 --sigma-range 25",
    ),
    Command(
        "guided",
        "preserving",
        "Smooth without crossing edges of the picture or of another one (guided filter).",
        (
            Option("radius", "integers", 4, "Radius of the boxes in pixels, or rows,columns."),
            Option("eps", "positive", None, "Variance to smooth away.", "the square of a tenth of white"),
            _GUIDE,
        ),
        "guided in.png out.png --radius 8 --eps 200",
    ),
)
