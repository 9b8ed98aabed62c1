"""Restoration look-up tables: train, export, compress, fine-tune and benchmark them."""

__version__ = "0.1.0"
