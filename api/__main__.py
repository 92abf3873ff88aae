"""``python -m api``, and what ``related-api`` runs: nothing heavy is imported before Ctrl-C is answered for."""

from recommender.start import start


def main() -> None:
    """Run the command line."""
    start("api.cli")


if __name__ == "__main__":
    main()
