"""Adapters of models whose weights a user has put on the machine: one module per kind of model."""
