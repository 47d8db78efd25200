"""The command line as ``python -m physbias``."""

from physbias.cli import main

if __name__ == "__main__":
    main()
