"""SQL over a corpus: DuckDB with the tables of its shards, and with views of what is usually asked, each exchange counted once.

latest      exchanges, of each the last that became known
problems    problems of the whole corpus, with how they stand
endpoints   what each endpoint was seen to allow, by how many origins and in how many captures
captures    each capture, with what could not be read of it
"""

import weakref
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from corslens.corpus import rows
from corslens.corpus.extra import need
from corslens.corpus.rows import column
from corslens.corpus.store import RECEIPTS, TABLES, Store, StoreError
from corslens.diagnosis.diagnose import WORDS
from corslens.diagnosis.page_request import ProblemState
from corslens.launch.profile import fresh_folder, remove_stale
from corslens.lint.finding import Severity

_PREFIX = "corslens-corpus-"
MEMORY = "2GB"
"""What DuckDB may take; beyond it, it writes to disk."""


def _worst(names: Sequence[str]) -> str:
    """Return the expression for the first of these names under which a problem has page requests, over all its rows; else for the last."""
    cases = " ".join(f"WHEN sum({column(name)}) > 0 THEN '{name.lower()}'" for name in names[:-1])
    return f"CASE {cases} ELSE '{names[-1].lower()}' END"


STANDING = f"""{_worst([one.word for one in sorted(Severity, reverse=True)])} AS severity, {_worst(WORDS)} AS outcome,
    {_worst([ProblemState.OPEN, ProblemState.PATCHED, ProblemState.RESOLVED])} AS state"""
"""How a problem stands, in lower case, in a query that groups the rows of `shards.problems` by problem."""

_VIEWS = f"""
CREATE VIEW latest AS SELECT * EXCLUDE (filename), parse_filename(filename, true) AS shard FROM shards.exchanges
    QUALIFY row_number() OVER (PARTITION BY capture, id ORDER BY seq DESC) = 1;
CREATE VIEW problems AS SELECT rule, {STANDING}, api, path, sum(n)::BIGINT AS page_requests, make_timestamp((min(first) * 1e6)::BIGINT) AS first,
    make_timestamp((max(last) * 1e6)::BIGINT) AS last FROM shards.problems GROUP BY rule, api, path;
CREATE VIEW endpoints AS SELECT api, path, count(*) AS exchanges, count(DISTINCT capture) AS captures,
    count(DISTINCT origin) FILTER (asked = 'granted') AS origins_granted,
    count(DISTINCT origin) FILTER (asked = 'granted' AND allow_credentials AND status < 300) AS origins_granted_credentials,
    count(DISTINCT origin) FILTER (asked = 'refused' AND allow_origin IS DISTINCT FROM '*') AS origins_refused,
    count(*) FILTER (allow_origin = '*') AS wildcard, count(*) FILTER (role = 'preflight') AS preflights,
    count(*) FILTER (chromium = 'blocked' OR firefox = 'blocked' OR webkit = 'blocked') AS blocked
    FROM latest GROUP BY api, path;
CREATE VIEW captures AS SELECT * FROM shards.captures;
"""


@contextmanager
def merging(store: Store, memory: str) -> Iterator[None]:
    """Make a sentence of what keeps DuckDB from it.

    Raises: StoreError
    """
    duckdb = need("duckdb")
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise StoreError(f"--memory {memory}: not enough to merge this corpus") from None
    except duckdb.Error as error:
        said = str(error).splitlines()[0]
        todo = f"; remove the file of that name in {RECEIPTS}/ to have its shard judged again" if ".parquet" in said else ""
        raise StoreError(f"{store.url}: {said}{todo}") from None


def connect(store: Store, shards: Sequence[str], *, memory: str = MEMORY) -> Any:
    """Return a connection to DuckDB with the views, and the tables of these shards in the schema `shards`.

    Raises: StoreError for a limit of memory that is none; MissingPackageError
    """
    duckdb = need("duckdb")
    connection = duckdb.connect(":memory:")
    try:
        connection.execute("SET memory_limit = ?", [memory])
        if memory.strip().startswith("-"):  # which is without a limit
            raise duckdb.Error
    except duckdb.Error:
        raise StoreError(f"--memory {memory}: not a size, such as 4GB") from None
    # By itself DuckDB spills into the current folder, which others may read, and leaves it there.
    remove_stale(_PREFIX)
    spilled = ExitStack()
    weakref.finalize(connection, spilled.close)
    connection.execute("SET temp_directory = ?", [str(spilled.enter_context(fresh_folder(_PREFIX)))])
    connection.execute("SET preserve_insertion_order = false")
    connection.execute("SET TimeZone = 'UTC'")
    if store.filesystem is not None:
        connection.register_filesystem(store.filesystem)
    connection.execute("CREATE SCHEMA shards")
    for table in TABLES:
        files = store.files(table, shards)
        named = "filename = true" if table == "exchanges" else "union_by_name = false"
        if files:
            listed = ", ".join(f"'{file.replace(chr(39), chr(39) * 2)}'" for file in files)
            connection.execute(f"CREATE VIEW shards.{table} AS SELECT * FROM read_parquet([{listed}], {named})")
        else:
            empty = rows.table(table, [])
            connection.register("nothing", empty)
            more = ", '' AS filename" if table == "exchanges" else ""
            connection.execute(f"CREATE TABLE shards.{table} AS SELECT *{more} FROM nothing")
    connection.execute(_VIEWS)
    return connection
