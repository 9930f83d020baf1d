"""The retention pipeline: from landed orders to checked, published result tables."""

__version__ = "0.1.0"
