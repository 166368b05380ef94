"""Run the command from a checkout: ``python cli.py sobel in.png out.png``."""

from imfilter.cli import main

if __name__ == "__main__":
    main()
