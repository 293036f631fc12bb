"""How a server hears that it shall end, at whatever moment of its start that is."""

import subprocess
import sys

# The exception of a signal that arrives within such a callback is printed and forgotten by the interpreter.
SIGTERM_WITHIN_A_CALLBACK = """
import os, signal, time, weakref
from goldpan.assembly.servers import exit_at_sigterm

class Module: pass

def callback(_reference):
    os.kill(os.getpid(), signal.SIGTERM)
    for _ in range(1000): pass

exit_at_sigterm()
module = Module()
reference = weakref.ref(module, callback)
del module
print("lost", flush=True)
time.sleep(60)
"""


def test_a_sigterm_that_is_lost_in_a_callback_comes_again() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SIGTERM_WITHIN_A_CALLBACK], capture_output=True, text=True, timeout=50, check=False
    )

    assert (done.stdout, done.returncode) == ("lost\n", 0)
