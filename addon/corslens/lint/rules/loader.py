"""load_rules: the shipped rules and a user's own files, checked as a whole, with every mistake reported at once."""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from msgspec import Struct

from corslens.lint.rules import compiled
from corslens.lint.rules.bundled import bundled_files, bundled_folder
from corslens.lint.rules.rule import Override, ParseFilter, Rule, RuleSet, Suppression
from corslens.mistakes import RuleErrors, RuleMistake
from corslens.observation.products.catalog import Product, ProductCatalog

_ENDINGS = (".yaml", ".yml")


def load_rules(paths: Iterable[str | Path] = (), *, parse_filter: ParseFilter | None = None) -> RuleSet:
    """Return the shipped rules together with those, and the changes to them, in a user's files and folders.

    A shipped file that is named, too, is read once, as the shipped one.

    Args:
        parse_filter: reads the flow filters of `silence`.
    Raises: RuleErrors with every mistake in every file.
    """
    problems: list[RuleMistake] = []
    named = _rule_files(paths, problems)
    if not named and not problems:
        return _bundled().rule_set
    shipped = {file: name for file in named if (name := _shipped_name(file)) is not None}
    files = [file for file in named if file not in shipped]
    from corslens.lint.rules.rule_files import (  # late: PyYAML takes as long to import as the catalog to read
        Contents,
        check_mentions,
        read,
        refuse_unknown,
    )

    contents = Contents(problems=problems)
    rules, products = dict(_bundled().rules), dict(_bundled().products)
    for file in files:
        read(file, str(file), contents, parse_filter, trusted=False)
    for reader, rule in contents.rules:
        other = rules.setdefault(rule.id, rule)
        if other is not rule:
            hint = 'give it another id, or change it with "overrides"'
            contents.problems.append(
                RuleMistake(file=reader.file, text=f'the rule "{rule.id}" is there already, in {other.file}; {hint}')
            )
    for reader, product in contents.products:
        known = products.setdefault(product.id, product)
        if known is not product:
            problem = f'the product "{product.id}" is there already, in {known.file}; give the file another name'
            contents.problems.append(RuleMistake(file=reader.file, text=problem))
    check_mentions(contents, rules)
    overrides: list[Override] = []
    suppressions: list[Suppression] = []
    for reader, change in contents.changes:
        if change.rule and change.rule not in rules:
            refuse_unknown(contents, reader, change.node, change.rule, rules)
        if change.override is not None:
            overrides.append(change.override)
        if change.suppression is not None:
            suppressions.append(change.suppression)
    if contents.problems:
        places = {str(file): place for place, file in enumerate(files)}
        in_order = sorted(contents.problems, key=lambda one: (places.get(one.file, -1), one.line, one.column))
        raise RuleErrors(in_order)
    return RuleSet(
        rules,
        overrides=tuple(overrides),
        suppressions=tuple(suppressions),
        files=tuple(shipped.get(file, str(file)) for file in named),
        products=ProductCatalog(products.values()),
    )


def bundled_products() -> ProductCatalog:
    """Return the shipped products."""
    return _bundled().catalog


class _Bundled(Struct, frozen=True):
    rules: dict[str, Rule]
    products: dict[str, Product]
    catalog: ProductCatalog
    rule_set: RuleSet
    """Compiled once, since most sessions have no rules of their own."""


@lru_cache(maxsize=1)
def _bundled() -> _Bundled:
    files = bundled_files()
    name = compiled.name_of(files)
    catalog = compiled.load(name)
    if catalog is None:
        catalog = _read_bundled(files)
        compiled.store(name, catalog)
    rules = {rule.id: rule for rule in catalog.rules}
    products = ProductCatalog(catalog.products)
    return _Bundled(rules, {product.id: product for product in catalog.products}, products, RuleSet(rules, products=products))


def _read_bundled(files: Iterable[Path]) -> compiled.Catalog:
    from corslens.lint.rules.rule_files import Contents, check_mentions, read  # late: only where there is no compiled catalog

    contents = Contents()
    folder = bundled_folder()
    for file in files:
        read(file, _name_in(folder, file), contents, None, trusted=True)
    rules = {rule.id: rule for _, rule in contents.rules}
    check_mentions(contents, rules)
    if contents.problems:
        raise RuleErrors(contents.problems)
    return compiled.Catalog(tuple(rules.values()), tuple(product for _, product in contents.products))


def _name_in(folder: Path, file: Path) -> str:
    return f"rules/{file.relative_to(folder).as_posix()}"


def _shipped_name(file: Path) -> str | None:
    """Return what a shipped file is called in messages; None for every other file."""
    folder, resolved = bundled_folder().resolve(), file.resolve()
    # As `bundled_files` finds them.
    shipped = resolved.suffix == ".yaml" and resolved.parent.parent == folder
    return _name_in(folder, resolved) if shipped else None


def rule_files(paths: Iterable[str | Path]) -> list[Path]:
    """Return the files that the paths name, those in folders included; what is not there is left out."""
    return _rule_files(paths, [])


def _rule_files(paths: Iterable[str | Path], problems: list[RuleMistake]) -> list[Path]:
    """Return the files that the paths name: a folder stands for all rule files in and below it."""
    files: dict[Path, None] = {}
    for path in map(Path, paths):
        try:
            found = path.expanduser()
            if found.is_dir():
                inside = sorted(file for file in found.rglob("*") if file.suffix in _ENDINGS and file.is_file())
                if not inside:
                    problems.append(RuleMistake(file=str(path), text="no rule files (*.yaml) in this folder"))
                files.update(dict.fromkeys(inside))
            elif found.is_file():
                files[found] = None
            else:
                what = "is neither a file nor a folder" if found.exists() else "no such file or folder"
                problems.append(RuleMistake(file=str(path), text=what))
        except OSError as error:
            problems.append(RuleMistake(file=str(path), text=f"cannot be read: {error.strerror or error}"))
    return list(files)


class Refreshed(Struct, frozen=True):
    """What a look at a user's rule files brought."""

    rules: RuleSet
    """The rules to use from now on; the last good ones when a file is broken."""
    problems: tuple[RuleMistake, ...] = ()
    """Why the edited files are refused."""


class RuleFiles:
    """A user's rule files, looked at again and again while a session runs."""

    def __init__(self, paths: Iterable[str | Path] = (), *, parse_filter: ParseFilter | None = None) -> None:
        """Read the files for the first time.

        Raises: RuleErrors, because there are no good rules yet to keep.
        """
        self._paths = tuple(paths)
        self._parse_filter = parse_filter
        self._seen = self._stamps()
        self.rules = load_rules(self._paths, parse_filter=parse_filter)

    def refresh(self) -> Refreshed | None:
        """Read the files again if one was changed, added or removed since the last look; None when all is as it was."""
        stamps = self._stamps()
        if stamps == self._seen:
            return None
        self._seen = stamps
        try:
            self.rules = load_rules(self._paths, parse_filter=self._parse_filter)
        except RuleErrors as errors:
            return Refreshed(self.rules, errors.problems)
        return Refreshed(self.rules)

    def _stamps(self) -> dict[str, tuple[int, int, int]]:
        stamps: dict[str, tuple[int, int, int]] = {}
        for path in rule_files(self._paths):
            try:
                status = path.stat()
            except OSError:
                continue  # gone since it was listed: the next look sees that
            stamps[str(path)] = (status.st_mtime_ns, status.st_size, status.st_ino)
        return stamps
