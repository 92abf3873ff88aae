"""``python -m eval``, and what ``related-eval`` runs: nothing heavy is imported before Ctrl-C is answered for."""

from recommender.start import start


def main() -> None:
    """Run the command line."""
    start("eval.cli")


if __name__ == "__main__":
    main()
