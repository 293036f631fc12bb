"""Lets schemathesis call every operation of a running Goldpan, with a live key and with a sandbox key.

Run by `bin/fuzz-api`, and for a moment by tests/test_schemathesis.py.
"""

import argparse
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from string import Template

from tests.cast import Caller, new_caller
from tests.service import Service, running

HERE = Path(__file__).parent
CREDITS = 2_000_000
KEYS = ("live", "sandbox")


def seeded_caller(service: Service, key: str) -> Caller:
    """Return somebody whose account group has people, a job that has ended and its audience; `key`: live or sandbox."""
    owner = new_caller(service, f"fuzz {key}", CREDITS, "enterprise")
    owner.import_people([f"person-{number},CTO" for number in range(40)])
    return owner if key == "live" else owner.sandbox()


def fuzz(caller: Caller, key: str, options: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run schemathesis as `caller` and return how it ended; `options` are its own."""
    job = caller.ended(caller.start_search("cto total:30", maxResults=30))
    values = {
        "url": f"http://127.0.0.1:{caller.service.port}",
        "hooks": str(HERE / "schemathesis_hooks.py"),
        "key": caller.key,
        "account_group_id": caller.account_group_id,
        "job_id": job["jobId"],
        "audience_id": job["audienceId"],
    }
    parts = ["schemathesis.toml"] + (["schemathesis_live.toml"] if key == "live" else [])
    config = Template("".join((HERE / part).read_text() for part in parts)).substitute(values)
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "schemathesis.toml"
        file.write_text(config)
        command = ["--config-file", str(file), "--no-color", "run", f"{values['url']}/openapi.json", *options]
        return subprocess.run(
            [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()", *command],
            cwd=directory,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/fuzz-api", description="Call every operation with made-up requests.")
    parser.add_argument("--max-examples", type=int, default=500, metavar="N", help="for each operation (500)")
    parser.add_argument("--seed", type=int, default=random.randrange(10**9), help="to repeat a run")
    parser.add_argument("--key", choices=KEYS, action="append", help="only with this key")
    chosen = parser.parse_args()
    options = ["--max-examples", str(chosen.max_examples), "--seed", str(chosen.seed), "--continue-on-failure"]
    failed = []
    for key in chosen.key or KEYS:
        print(f"== {key} key", flush=True)
        # A server for each: the jobs of the one before would still be at work.
        with tempfile.TemporaryDirectory() as directory, running(Path(directory)) as service:
            done = fuzz(seeded_caller(service, key), key, options)
        print(done.stdout, flush=True)
        failed += [key] if done.returncode else []
    print(f"bin/fuzz-api: {'failed with the key: ' + ', '.join(failed) if failed else 'all is well'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
