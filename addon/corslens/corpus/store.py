"""The store: the folder that a corpus's results are in, on this machine or behind fsspec; four tables, a file of each a shard.

`captures/SHARD.parquet` is written last: it is the receipt that says that the shard was judged, and what has one is not judged again.
What is local is its owner's alone; who may read a bucket, the bucket says.
"""

import re
import shutil
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from corslens.corpus.extra import need
from corslens.mitm.private_files import write_whole

TABLES = ("exchanges", "problems", "counts", "captures")
"""The last one holds the receipts."""
RECEIPTS = TABLES[-1]
ACROSS = "across"
"""The folder within it of what was judged again, with what the whole corpus shows."""
_SUFFIX = ".parquet"
_SHARD = re.compile("[0-9a-f]{32}")
"""The name of a shard. What has another one is the user's: the results may be where the captures are."""
_RESULT = re.compile(rf"(?:.*/)?(?:{'|'.join(TABLES)})/{_SHARD.pattern}{re.escape(_SUFFIX)}", re.DOTALL)
_LISTING = "corpus.json"


class StoreError(Exception):
    """The folder of results cannot be used: a sentence that names it."""


class Store:
    """The folder of results.

    Args:
        url: a path, or a URL that fsspec knows (`s3://…`).
    Raises: StoreError
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/") or url
        self._remote: Any = None
        if "://" in url:
            fsspec = need("fsspec")
            with self._reached():
                self._remote, self._root = fsspec.core.url_to_fs(self.url)
        else:
            self._root = self.url

    @property
    def filesystem(self) -> Any:
        """The fsspec filesystem, None on this machine."""
        return self._remote

    def below(self, folder: str) -> "Store":
        """Return the store of a folder within it."""
        return Store(f"{self.url}/{folder}")

    def prepare(self) -> None:
        """Make the folders.

        Raises: StoreError
        """
        if self._remote is None:
            try:
                for table in TABLES:
                    folder = Path(self._root, table)
                    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            except (FileExistsError, NotADirectoryError):
                raise StoreError(f"{self.url}: is not a folder") from None
            except OSError as error:
                raise StoreError(f"{self.url}: {error.strerror or error}") from None

    def write(self, table: str, shard: str, content: IO[bytes]) -> None:
        """Take a table of a shard, whole or not at all, in place of one that is there."""
        content.seek(0)
        target = f"{self._root}/{table}/{shard}{_SUFFIX}"
        if self._remote is None:
            write_whole(Path(target), content.read())
        else:
            with self._reached():
                self._remote.makedirs(f"{self._root}/{table}", exist_ok=True)
                with self._remote.open(target, "wb") as file:
                    shutil.copyfileobj(content, file, 1 << 20)

    def write_listing(self, content: bytes) -> None:
        """Keep what the corpus consists of.

        Raises: StoreError
        """
        if self._remote is None:
            try:
                write_whole(Path(self._root, _LISTING), content)
            except OSError as error:
                raise StoreError(f"{self.url}: {error.strerror or error}") from None
        else:
            with self._reached():
                self._remote.pipe_file(f"{self._root}/{_LISTING}", content)

    def read_listing(self) -> bytes | None:
        """Return what the corpus consists of, None where nothing was judged yet.

        Raises: StoreError
        """
        path = Path(self._root, _LISTING)
        try:
            if self._remote is not None:
                with self._reached():
                    return bytes(self._remote.cat_file(f"{self._root}/{_LISTING}"))
            if path.exists() and not path.is_file():
                raise StoreError(f"{path}: is not a file")  # a pipe would be waited for
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except NotADirectoryError:
            raise StoreError(f"{self.url}: is not a folder") from None
        except OSError as error:
            raise StoreError(f"{self.url}: {error.strerror or error}") from None

    def judged(self) -> frozenset[str]:
        """Return the names of the shards that have a receipt."""
        return frozenset(self._names(RECEIPTS))

    def files(self, table: str, shards: Iterable[str]) -> list[str]:
        """Return the paths or URLs of a table's files, as DuckDB takes them."""
        scheme = "" if self._remote is None else f"{self.url.partition('://')[0]}://"
        return [f"{scheme}{self._root}/{table}/{shard}{_SUFFIX}" for shard in shards]

    def keep(self, shards: Collection[str]) -> int:
        """Remove what belongs to no shard of these, and return how many were removed: captures that changed, or are gone.

        What a process that was killed had begun to write goes, too: nothing else is to write here meanwhile.
        """
        gone = 0
        if self._remote is None:
            for begun in (*Path(self._root).glob(f".{_LISTING}.*"), *Path(self._root).glob(f"*/.*{_SUFFIX}.*")):
                begun.unlink(missing_ok=True)
        for table in reversed(TABLES):  # the receipt first: without it, nothing else counts
            for name in self._names(table):
                if name not in shards:
                    self._remove(table, name)
                    gone += table == RECEIPTS
        return gone

    def withdraw(self, shard: str) -> None:
        """Remove a shard's receipt, so that it is judged again."""
        self._remove(RECEIPTS, shard)

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """Make a sentence of what an object store raises, of which each kind has its own."""
        try:
            yield
        except FileNotFoundError:
            raise
        except Exception as error:
            raise StoreError(f"{self.url}: {described(error)}") from error

    def _remove(self, table: str, name: str) -> None:
        path = f"{self._root}/{table}/{name}{_SUFFIX}"
        if self._remote is None:
            Path(path).unlink(missing_ok=True)
        else:
            with self._reached():
                self._remote.rm_file(path)

    def _names(self, table: str) -> list[str]:
        folder = f"{self._root}/{table}"
        if self._remote is None:
            found = [path.name for path in Path(folder).glob(f"*{_SUFFIX}")]
        else:
            self._remote.invalidate_cache(folder)
            try:
                with self._reached():
                    found = [path.rpartition("/")[2] for path in self._remote.ls(folder, detail=False)]
            except FileNotFoundError:
                found = []
        stems = [name.removesuffix(_SUFFIX) for name in found if name.endswith(_SUFFIX)]
        return list(filter(_SHARD.fullmatch, stems))


def described(error: Exception) -> str:
    """Return what an object store's own error says, on one line; of HTTP's without the URL, which may hold a signature."""
    if hasattr(error, "status") and hasattr(error, "message"):
        return f"{error.status} {error.message}"
    return " ".join(str(error).split()) or type(error).__name__


def is_result(name: str) -> bool:
    """Say whether a path or URL is that of a table of a corpus, which is no capture, wherever it is."""
    return _RESULT.fullmatch(name) is not None
