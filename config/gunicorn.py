"""How the web server runs, on a laptop and in a container."""

import signal

from config.processes import die_with_parent, keep_what_is_loaded

worker_class = "config.web.SharingWorker"  # a crowd is shared by the processes
workers = 2
preload_app = True  # read the code once, not once for each worker
threads = 16  # who is written down together waits for it: others are read meanwhile (docs/adr/0112)
keepalive = 10  # a phone that follows live questions asks every second: opening a line costs more than keeping it
timeout = 60
graceful_timeout = 8
worker_tmp_dir = None
control_socket_disable = True  # nothing may steer it but signals
accesslog = None  # addresses of anonymous askers must not be written down
forwarded_allow_ips = "127.0.0.1"  # the scheme of a proxy is read by Django's settings alone
forwarder_headers = ""  # no request says under which path we stand (SCRIPT_NAME): addresses are found once for all


def post_fork(server, worker) -> None:
    """A worker whose master was killed must let go of the port at once."""
    die_with_parent(signal.SIGKILL)
    keep_what_is_loaded()
