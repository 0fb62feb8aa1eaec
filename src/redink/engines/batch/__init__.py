"""OpenAI-compatible batches: requests in files, answered within a day at half the price.

The engine sends them to a Batch API; `write_batch_file` and `read_batch_results` are for runners
that read and write files, vLLM's `run_batch` for one.
"""

from redink.engines.batch.files import (
    BatchFiles,
    BatchResults,
    read_batch_results,
    write_batch_file,
)
from redink.engines.batch.requests import BatchRequest, Limits, requests_for, requests_missing

__all__ = [
    "BatchFiles",
    "BatchRequest",
    "BatchResults",
    "Limits",
    "read_batch_results",
    "requests_for",
    "requests_missing",
    "write_batch_file",
]
