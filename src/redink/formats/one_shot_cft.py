"""One-Shot CFT's rows (arXiv 2506.03295), as ms-swift trains on them. One row:

{"messages": [
  {"role": "user", "content": "Please critique whether the following solution to the question
   is correct.\\n\\nQuestion:\\nWhat is 3 + 4?\\n\\nSolution:\\n3 + 4 = 8."},
  {"role": "assistant", "content": "Critique:\\n3 + 4 is 7.\\n\\nConclusion: wrong [END]"}]}
"""

from redink.formats.conversation import messages_row, turn_in
from redink.formats.format import Format

FORMAT = Format(
    "one-shot-cft",
    "One-Shot CFT's messages, between Critique: and [END]",
    (".jsonl", ".json", ".parquet"),
    lambda turn: {"messages": messages_row(turn)},
    turn_in,
    kinds=("critiques",),
    marks=True,
)
