"""dvar differentiates a computation and shows its work."""

__version__ = "0.1.0"
