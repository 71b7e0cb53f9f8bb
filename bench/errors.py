"""The one error of the benchmark: a part is missing or fails, told in a sentence."""


class BenchError(Exception):
    """Why nothing can be measured, in one sentence for the person at the terminal."""
