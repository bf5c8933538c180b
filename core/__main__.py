"""`python -m core`: the command line."""

import sys

if __name__ == "__main__":
    try:
        from core.cli import main

        code = main()
    except KeyboardInterrupt:  # before `main` listens, while the commands are loaded
        code = 130
    sys.exit(code)
