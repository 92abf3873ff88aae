"""``python -m index``, and what ``related-index`` runs: nothing heavy is imported before Ctrl-C is answered for."""

from recommender.start import start


def main() -> None:
    """Run the command line."""
    start("index.cli")


if __name__ == "__main__":
    main()
