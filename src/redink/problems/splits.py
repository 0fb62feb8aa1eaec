"""Which split a problem belongs to: decided by its content, so that splits cannot overlap."""

import hashlib

SPLITS = ("train", "validation", "test")
SHARES = (70, 10, 20)
"""Per cent of each split, in the order of SPLITS."""


def split_of(key: str) -> str:
    """The split of a problem, or of a template, named by `key`."""
    bucket = int.from_bytes(hashlib.blake2b(key.encode(), digest_size=4).digest(), "big") % 100
    for name, share in zip(SPLITS, SHARES, strict=True):
        if bucket < share:
            return name
        bucket -= share
    raise AssertionError("the shares of the splits add up to 100")
