"""``python -m model_conversion``."""

import sys

from model_conversion.cli import main

if __name__ == "__main__":
    sys.exit(main())
