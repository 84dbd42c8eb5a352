"""scripts/fuzz: run each target for a while in a process of its own, and say how many inputs it tried."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

NAMES = ("headers", "urls", "har", "flows", "rules", "options")


def fuzz(name: str, corpus: str, seconds: str) -> None:
    """Fuzz one target in this process; ends the process."""
    import atheris

    with atheris.instrument_imports(include=["corslens"]):
        from scripts.fuzz_suite.targets import TARGETS
    from scripts.fuzz_suite.seeds import seeds

    for number, seed in enumerate(seeds(name)):
        (Path(corpus) / f"seed{number}").write_bytes(seed)
    limits = [f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=4096", "-max_len=8192", f"-artifact_prefix={corpus}/"]
    atheris.Setup([sys.argv[0], corpus, *limits], TARGETS[name])
    atheris.Fuzz()


def main(arguments: list[str]) -> int:
    """Fuzz the targets named, each for `--seconds`; return 1 when one found something."""
    seconds = "60"
    if "--seconds" in arguments:
        at = arguments.index("--seconds")
        seconds = arguments[at + 1]
        del arguments[at : at + 2]
    unknown = set(arguments) - set(NAMES)
    if unknown or not seconds.isdigit():
        print(f"usage: scripts/fuzz [{'|'.join(NAMES)}]… [--seconds N]", file=sys.stderr)
        return 2
    code = 0
    for name in arguments or NAMES:
        corpus = tempfile.mkdtemp(prefix=f"corslens-fuzz-{name}-")
        done = subprocess.run(
            [sys.executable, "-m", "fuzz_suite", "--one", name, corpus, seconds], capture_output=True, text=True, check=False
        )
        tried = re.findall(r"^#(\d+)", done.stderr, re.MULTILINE)
        covered = re.findall(r"cov: (\d+)", done.stderr)
        print(
            f"{name:8} {tried[-1] if tried else 0:>9} inputs, {covered[-1] if covered else 0} edges, exit {done.returncode}",
            flush=True,
        )
        if done.returncode:
            code = 1
            print(f"  what it found is in {corpus}:\n" + "\n".join(done.stderr.splitlines()[-40:]))
    return code


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        fuzz(*sys.argv[2:5])
    sys.exit(main(sys.argv[1:]))
