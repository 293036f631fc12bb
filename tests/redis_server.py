"""A throw-away Redis or Valkey for one test, from the machine's own programs."""

import shutil
import socket
import subprocess
from contextlib import suppress
from pathlib import Path
from signal import SIGCONT, SIGSTOP

from tests.service import end_with_parent, free_port, until

PROGRAM = shutil.which("valkey-server") or shutil.which("redis-server")


class RedisServer:
    """One server on a port of its own; it keeps nothing when it ends."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://:canary-password@127.0.0.1:{self.port}/0"
        self._folder = folder
        self.start()

    def start(self) -> None:
        assert PROGRAM is not None
        options = {"port": self.port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": self._folder}
        arguments = [str(part) for name, value in options.items() for part in (f"--{name}", value)]
        self._popen = subprocess.Popen(
            [PROGRAM, *arguments, "--requirepass", "canary-password"],
            stdout=subprocess.DEVNULL,
            preexec_fn=end_with_parent,
        )
        until(self._is_there)

    def freeze(self) -> None:
        self._popen.send_signal(SIGSTOP)

    def thaw(self) -> None:
        self._popen.send_signal(SIGCONT)

    def stop(self) -> None:
        self.thaw()
        self._popen.kill()
        self._popen.wait()

    def _is_there(self) -> bool:
        with suppress(ConnectionError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False
