"""`python -m goldpan.cli`: the `goldpan` command where its script is not installed."""

from goldpan.cli.command_line import main

if __name__ == "__main__":
    main()
