"""Options are refused in one sentence that names them, whichever way they come."""

import logging

import pytest
from corslens.engines.engine import Engine
from corslens.lint.finding import Severity
from corslens.mitm import options
from corslens.mitm.addon import CorsLens
from corslens.verdict.headline import SENDER
from mitmproxy import exceptions
from mitmproxy.options import Options
from mitmproxy.test import taddons

from tests.mitm.make import flow


def parse(**given):
    values = {option.name: option.default for option in options.OPTIONS} | given
    return options.parse(values)


def test_defaults():
    """By default everything is inspected, problems are printed, and nothing is patched or written."""
    settings = parse()
    assert (settings.scope, settings.headline) == (None, SENDER)
    assert (settings.show, settings.fail_on, settings.history) == (options.Show.PROBLEMS, None, 10_000)
    assert (settings.log, settings.report) == (None, None)
    assert (settings.patch_filter, settings.patch_minutes, settings.dry_run) == (None, 60, False)
    assert settings.rule_injections == settings.line_injections == ()
    assert settings.policy.origins.allows("http://localhost:3000")
    assert not settings.policy.origins.allows("https://app.example")


def test_words():
    assert parse(cors_engine="firefox").headline.engine is Engine.FIREFOX
    assert parse(cors_engine="all").headline.first_that_blocks
    assert parse(cors_fail_on="warning").fail_on is Severity.WARNING
    assert parse(cors_patch_origins=["any"]).policy.origins.any


BAD = {
    "cors_scope": ("~nope", "'~nope' is not a flow filter"),
    "cors_patch": ("~d", "'~d' is not a flow filter"),
    "cors_engine": ("chrome", "'chrome' is not one of auto, chromium, firefox, webkit, all; did you mean \"chromium\"?"),
    "cors_show": ("problem", "'problem' is not one of problems, cors, none; did you mean \"problems\"?"),
    "cors_fail_on": ("errors", "'errors' is not one of error, warning, info, never; did you mean \"error\"?"),
    "cors_history": (0, "0 is less than 1"),
    "cors_history_mb": (0, "0 is less than 1"),
    "cors_patch_minutes": (-1, "-1 is less than 0"),
    "cors_patch_origins": (["*"], "'*': for all origins write 'any'"),
    "cors_patch_preflight": ("fixed", "'fixed' is not one of fix, answer; did you mean \"fix\"?"),
    "cors_report": ("r.pdf", "'r.pdf' does not end in"),
    "cors_patch_rules": (["/no/such.yaml"], "'/no/such.yaml' cannot be read: No such file or directory"),
}


@pytest.mark.parametrize(("name", "value", "sentence"), [(name, *row) for name, row in BAD.items()], ids=BAD)
def test_bad_value(name, value, sentence):
    """One line, beginning with the option's name."""
    with pytest.raises(exceptions.OptionsError) as caught:
        parse(**{name: value})
    assert str(caught.value).startswith(f"{name}: {sentence}")
    assert "\n" not in str(caught.value)


def test_report_in_a_folder_that_is_not_there():
    with pytest.raises(exceptions.OptionsError, match=r"cors_report: the folder '/no/such' does not exist"):
        parse(cors_report="/no/such/r.html")


@pytest.mark.parametrize(
    ("name", "allowed"), [("r.html", True), ("r.json", True), ("r.sarif", False), ("r.xml", False), ("r.md", False)]
)
def test_values_are_shown_in_no_report_made_to_be_uploaded(tmp_path, name, allowed):
    values = {"cors_show_values": True, "cors_report": str(tmp_path / name)}
    if allowed:
        assert parse(**values).show_values
    else:
        with pytest.raises(exceptions.OptionsError, match="never shows values"):
            parse(**values)


def test_bad_injections(tmp_path):
    """Every fault of a file of injections is told with file, line and column."""
    file = tmp_path / "rules.yaml"
    file.write_text("- nam: x\n  set: {A: b}\n")
    with pytest.raises(exceptions.OptionsError, match=f"cors_patch_rules: {file}:1:3: "):
        parse(cors_patch_rules=[str(file)])
    file.write_bytes(b"\xff")
    with pytest.raises(exceptions.OptionsError, match="is not UTF-8 at byte 0"):
        parse(cors_patch_rules=[str(file)])


def test_injections_without_end(tmp_path):
    """A device or a file of megabytes is neither read to its end nor parsed."""
    file = tmp_path / "rules.yaml"
    file.write_text("- name: x\n  set: {A: b}\n" * 20_000)
    for path in (file, "/dev/zero"):
        with pytest.raises(exceptions.OptionsError, match=rf"cors_patch_rules: {path}: larger than 64 KiB"):
            parse(cors_patch_rules=[str(path)])


SWALLOWED = {
    "misspelt": (["cors_shwo=none"], ['cors_shwo: no such option; did you mean "cors_show"?']),
    "not a number": (["cors_history=abc"], ["cors_history: 'abc' is not a whole number"]),
    "not a truth value": (["cors_patch_dry_run=yes"], ["cors_patch_dry_run: 'yes' is neither true nor false"]),
    "without a value": (["cors_show"], ["cors_show: a value is missing, write cors_show=VALUE"]),
    "twice": (["cors_show=none", "cors_show=cors"], ["cors_show: given 2 times, expected once"]),
    "all well": (["cors_history=-5", "cors_patch_dry_run", "cors_rules=a", "cors_rules=b", "cors_log="], []),
    "another script's": (["nope=1"], []),
}


@pytest.mark.parametrize(("given", "faults"), SWALLOWED.values(), ids=SWALLOWED)
def test_deferred(given, faults):
    """What mitmproxy would swallow without a word is told, and taken away so that the rest still loads."""
    opts = Options()
    opts.set(*given, defer=True)
    assert options.faults_in_deferred(opts) == faults
    assert not faults or not opts.deferred


@pytest.mark.parametrize("value", [{"cors_history": "many"}, {"cors_rules": "a"}, {"cors_show": 1}, {"cors_history": True}])
def test_deferred_of_config_yaml(value):
    """A value that has a type already is looked at, too."""
    opts = Options()
    opts.update_defer(**value)
    (fault,) = options.faults_in_deferred(opts)
    assert fault.startswith(f"{next(iter(value))}: ")


async def test_at_run_time_a_bad_value_is_rolled_back():
    """The error names the option, and the value from before stays."""
    addon = CorsLens()
    with taddons.context(addon) as context:
        context.configure(addon, cors_scope="~d a.test")
        with pytest.raises(exceptions.OptionsError, match="cors_scope: '~nope' is not a flow filter"):
            context.configure(addon, cors_scope="~nope")
        scope = addon.settings.scope
        assert scope is not None and scope(flow(host="a.test")) and not scope(flow(host="b.test"))
        addon.done()


async def test_at_start_the_script_loader_gets_no_traceback(caplog):
    """It would print one for an OptionsError; an error in the log ends the process just as well."""
    addon = CorsLens()
    with taddons.context(loadcore=False) as context:
        context.master.addons.register(addon)
        context.options.update(cors_scope="~nope")
        addon.configure(context.options.keys())
        assert addon.settings is None
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.getMessage().startswith("cors_scope: '~nope' is not a flow filter")
    assert record.exc_info is None


async def test_a_log_that_cannot_be_written():
    addon = CorsLens()
    with taddons.context(addon) as context:
        with pytest.raises(exceptions.OptionsError, match=r"cors_log: '/no/such/x.jsonl' cannot be written: No such file"):
            context.configure(addon, cors_log="/no/such/x.jsonl")
        addon.done()


async def test_bad_rules(tmp_path):
    """A rule file with an unknown field is refused with file, line and the nearest name."""
    file = tmp_path / "mine.yaml"
    file.write_text("overrides:\n  - rul: acao-missing\n    severity: info\n")
    addon = CorsLens()
    with taddons.context(addon) as context:
        with pytest.raises(exceptions.OptionsError, match=f"cors_rules: {file}:2:"):
            context.configure(addon, cors_rules=[str(file)])
        addon.done()


async def test_changes_at_run_time_keep_what_was_seen():
    """Only the size of the history begins a new one."""
    addon = CorsLens()
    with taddons.context(addon) as context:
        context.configure(addon, cors_engine="firefox")
        session = addon.session
        context.configure(addon, cors_engine="webkit", cors_patch="~all", cors_scope="~m GET", cors_patch_dry_run=True)
        assert addon.session is session
        assert (session.inspector.headline.engine, session.inspector.dry_run) == (Engine.WEBKIT, True)
        context.configure(addon, cors_history=5)
        assert addon.session is not session
        addon.done()


async def test_what_is_gone_stands_in_the_way_of_no_other_option(tmp_path):
    """A report's folder and a file of injections are looked at when they are set: patching can be switched off without them."""
    folder = tmp_path / "reports"
    folder.mkdir()
    rules = tmp_path / "injections.yaml"
    rules.write_text("- name: one\n  set: {X-A: '1'}\n", encoding="utf-8")
    addon = CorsLens()
    with taddons.context(addon) as context:
        context.configure(addon, cors_report=str(folder / "a.html"), cors_patch_rules=[str(rules)], cors_patch="~all")
        folder.rmdir()
        rules.unlink()
        context.configure(addon, cors_patch="")
        assert addon.patching.filter_text == "" and len(list(addon.patching.injections())) == 1
        with pytest.raises(exceptions.OptionsError, match="cors_patch_rules"):
            context.configure(addon, cors_patch_rules=[str(rules)])
        context.configure(addon, cors_patch_rules=[])
        assert not addon.patching.on
        context.configure(addon, cors_report="")
        addon.done()


async def test_a_log_that_is_refused_leaves_the_report(tmp_path):
    """Options that are set together are taken together or not at all."""
    addon = CorsLens()
    with taddons.context(addon) as context:
        context.configure(addon, cors_report=str(tmp_path / "a.html"))
        with pytest.raises(exceptions.OptionsError, match="cors_log"):
            context.configure(addon, cors_report=str(tmp_path / "b.json"), cors_log=str(tmp_path))
        assert addon.settings is not None and addon.settings.report == tmp_path / "a.html"
        addon.done()
