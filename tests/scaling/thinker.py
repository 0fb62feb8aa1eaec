"""An engine whose model thinks what the test wrote down, a token a word."""

from dataclasses import dataclass, field

from redink.engines.engine import Completion
from redink.records import Problem, problem_id


class Words:
    """A tokenizer of words: each takes the white space before it along."""

    is_fast = True

    def __call__(self, texts, add_special_tokens=True, return_offsets_mapping=False):
        return {"offset_mapping": [self._pairs(text) for text in texts]}

    def _pairs(self, text):
        pairs, start = [], 0
        for place, sign in enumerate(text):
            if not sign.isspace() and (place + 1 == len(text) or text[place + 1].isspace()):
                pairs.append((start, place + 1))
                start = place + 1
        return pairs


class PlainWords(Words):
    """The same without offsets, as slow tokenizers are."""

    is_fast = False

    def __call__(self, text, add_special_tokens=True):
        ends = [end for _, end in self._pairs(text)]
        return {"input_ids": [text[a:b] for a, b in zip([0, *ends], ends, strict=False)]}

    def decode(self, ids):
        return "".join(ids)


@dataclass
class Thinking:
    """Answers a question with its text, cut off at the limit; asked for its answer behind its own
    text, it says what `replies` has for the question."""

    texts: dict
    replies: dict
    tokenizer: object = field(default_factory=Words)
    name: str = "thinking"
    asked: list = field(default_factory=list)

    def complete(self, conversations, sampling):
        for conversation in reversed(conversations):
            question = conversation.messages[0].content
            if conversation.is_begun:
                self.asked.append(conversation.messages[-1].content)
                said = self.replies.get(question, "?")
                yield Completion(conversation.id, 0, said, 9, len(said.split()), "stop")
                continue
            for sample in range(sampling.samples):
                text = self.texts[question]
                text = text[sample % len(text)] if isinstance(text, list) else text
                words = Words()._pairs(text)
                cut = len(words) > sampling.max_tokens
                shown = text[: words[sampling.max_tokens - 1][1]] if cut else text
                count = min(len(words), sampling.max_tokens)
                finish = "length" if cut else "stop"
                yield Completion(conversation.id, sample, shown, 9, count, finish)


def problem(question, answer):
    return Problem(problem_id(question, answer), question, answer, source="made")
