"""The command ``vidagent``, also as ``python -m vidagent``."""

import signal


def run() -> None:
    """Run the command line; one that is interrupted before it has begun ends in silence."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from .cli.main import run as run_command

    run_command()


if __name__ == "__main__":
    run()
