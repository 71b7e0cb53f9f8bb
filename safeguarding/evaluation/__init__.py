"""Measures the screen on labelled sets; nothing that runs in the product imports it."""
