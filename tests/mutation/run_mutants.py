"""`bin/mutants`: plants each mutant in a copy of the tree and shows who caught it."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.mutation.mutants import MUTANTS, ROOT, Mutant, plant

COPIED = ("goldpan", "tests", "samples", "docs", "pyproject.toml", "README.md", "CHANGELOG.md", "bin", "benchmarks")
SEEDS = 120


def main() -> int:
    arguments = _arguments()
    chosen = [mutant for mutant in MUTANTS if arguments.only in mutant.name]
    lines, escaped = [], 0
    for mutant in chosen:
        began = time.monotonic()
        caught_by = _catch(mutant, arguments.seeds)
        escaped += caught_by is None
        lines.append(f"{time.monotonic() - began:7.1f} s  {mutant.name:66} {caught_by or 'NOBODY'}")
        print(lines[-1], flush=True)
    print(f"{len(chosen) - escaped} of {len(chosen)} mutants were caught")
    return 1 if escaped else 0


def _catch(mutant: Mutant, seeds: int) -> str | None:
    """Return who catches the mutant; None: nobody does."""
    with tempfile.TemporaryDirectory(prefix="goldpan-mutant-") as folder:
        tree = Path(folder)
        _copy(tree)
        plant(mutant, tree)
        if mutant.is_for_simulation and (found := _simulate(tree, seeds)):
            return f"simulation: {found}"
        for test in mutant.tests:
            if not _passes(tree, test):
                return test
    return None


def _copy(tree: Path) -> None:
    files = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *COPIED],
        cwd=ROOT, capture_output=True, check=True, text=True,
    ).stdout.splitlines()  # fmt: skip
    for file in files:
        if (ROOT / file).is_file():
            (tree / file).parent.mkdir(parents=True, exist_ok=True)
            (tree / file).write_bytes((ROOT / file).read_bytes())


def _simulate(tree: Path, seeds: int) -> str | None:
    """Return what the simulation found broken."""
    run = _run(tree, "-m", "tests.simulation.simulate", "--seeds", str(seeds), "--failures", "1", "--processes", "1")
    if run.returncode == 0:
        return None
    found = [line.strip() for line in run.stdout.splitlines() if line.startswith("  ")]
    seed = next((line.split()[1] for line in run.stdout.splitlines() if line.startswith("seed ")), "?")
    return f"seed {seed}, {found[0] if found else run.stderr[-200:]}"[:150]


def _passes(tree: Path, test: str) -> bool:
    return _run(tree, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", test).returncode == 0


def _run(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([sys.executable, *arguments], cwd=tree, env=environment, capture_output=True, text=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/mutants", description=__doc__)
    parser.add_argument("--only", default="", help="those whose name holds this")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how many the simulation plays, at most")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
