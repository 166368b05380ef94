"""Run the command: ``python -m imfilter sobel in.png out.png``."""

from imfilter.cli import main

if __name__ == "__main__":
    main()
