"""Inference scaling: what a model answers when its thinking is cut off at a budget of tokens."""
