"""Tunes the danger model (needs torch); nothing that runs in the product imports it."""
