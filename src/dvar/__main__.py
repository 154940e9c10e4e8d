"""``python -m dvar``."""

from dvar.cli import main

if __name__ == "__main__":
    main()
