"""A server of many workspaces, one for each key, whose items have ids of their own.

python -m support.workspace_server 200 200    prints its address, and serves until its standard input ends
"""

import contextlib
import sys

from elevenlabs_history_simulator import Simulator


def key_of(number):
    return f"key-of-workspace-{number}"


@contextlib.contextmanager
def serving(count, items):
    """Serve, and give the address and a simulator for each workspace."""
    workspaces = {
        key_of(number): Simulator(items=items, seed=number, api_key=key_of(number)) for number in range(count)
    }
    server = Simulator(items=0)
    refuse = server.app

    async def choose(scope, receive, send):
        key = dict(scope["headers"]).get(b"xi-api-key", b"").decode()
        await (workspaces[key].app if key in workspaces else refuse)(scope, receive, send)

    server.app = choose
    with server:
        yield server.base_url, list(workspaces.values())


def main():
    with serving(*map(int, sys.argv[1:])) as (base_url, _):
        print(base_url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
