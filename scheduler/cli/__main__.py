"""`python -m scheduler.cli`, by which `run` starts its workers."""

from scheduler.cli.app import main

if __name__ == "__main__":
    main()
