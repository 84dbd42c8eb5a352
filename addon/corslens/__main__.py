"""Run the console script as `python -m corslens`."""

from corslens.cli import main

main()
