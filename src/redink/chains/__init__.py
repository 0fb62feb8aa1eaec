"""Chains: several attempts at a problem and what is wrong with them, as one line of thought."""
