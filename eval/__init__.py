"""Offline evaluation: does the recommender find what editors picked by hand?

(The package's name shadows a builtin: write ``from eval.run import …``, never ``import eval``.)
"""
