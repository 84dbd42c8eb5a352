"""Print how our verdicts compare with the recorded browsers: `python -m tests.truth`."""

from corslens.engines.engine import Engine

from tests.truth.twins import table

for engine in Engine:
    print("\n".join(table(engine)))
