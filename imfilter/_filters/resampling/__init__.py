"""Images at other positions than those of their samples: resizing and pyramids."""
