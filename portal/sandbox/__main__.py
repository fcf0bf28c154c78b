"""`python -m portal.sandbox --port 4242 --state sandbox.sqlite` serves until SIGINT or SIGTERM."""

import argparse
import signal
import threading

from portal.sandbox.server import running


def main() -> None:
    options = _parser().parse_args()
    ended = threading.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda *_: ended.set())
    with running(options.state, options.port, options.public_url) as sandbox:
        print(f"Sandbox gateway at {sandbox.url} (test keys only; no money moves)", flush=True)
        ended.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m portal.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=4242, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--state", help="SQLite file to keep everything in; without it, memory only")
    parser.add_argument("--public-url", help="where browsers reach the payment page, if not at this port")
    return parser


if __name__ == "__main__":
    main()
