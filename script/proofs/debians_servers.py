"""The programs of Debian's own packages serve in place of the wheels'."""

import shutil
import tempfile
from pathlib import Path

from config import env
from config.embedded import _version_folder
from script.launched import Launched

SERVERS = False


def main() -> str:
    """Start with PG_BIN and REDIS_BIN. Says so where this machine has no such packages."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version_folder)
    redis = shutil.which("redis-server") or shutil.which("valkey-server")
    if not folders or not redis:
        return "not run: Debian's postgresql and redis-server are not installed here"
    with tempfile.TemporaryDirectory(prefix="debian ") as place:
        chosen = {"PG_BIN": str(folders[-1]), "REDIS_BIN": redis}
        with Launched(env.BASE_DIR, Path(place).resolve() / "var", **chosen) as server:
            seconds = server.wait_ready()
            assert server.status("/") == 200
            server.stop()
    return f"PostgreSQL of {folders[-1].parent.name} and {Path(redis).name}: ready after {seconds:.1f} s"
