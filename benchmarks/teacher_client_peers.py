"""Clients that ask a chat endpoint, each run in a process and an environment of its own.

    PYTHON -m benchmarks.teacher_client_peers CLIENT WORK.json

A client is prepared (imports, its own objects), and then answers all prompts: only the second part
counts as work. Nothing here imports redink but its own client, so that a peer's environment needs
the peer alone. The last line of the output is one JSON object.
"""

import asyncio
import importlib.metadata
import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import teacher_client_frameworks as frameworks
from benchmarks.teacher_client_work import (
    KEY,
    MODEL,
    RETRIES,
    SAMPLING,
    TIMEOUT,
    Answer,
    Texts,
    Work,
)


def redink() -> Answer:
    """The endpoint engine with its journal."""
    # What the first request would load is start-up here, as it is with those who load it at once.
    import redink.engines.endpoint.client
    import redink.engines.endpoint.dispatcher
    import redink.engines.endpoint.writer  # noqa: F401
    from redink.engines.engine import Completion, Conversation, Sampling
    from redink.engines.opening import open_engine
    from redink.records import Message

    sampling = Sampling(**SAMPLING)

    def answer(work: Work) -> Texts:
        engine: Any = open_engine(
            f"endpoint:{MODEL}@{work['url']}",
            journal=Path(work["folder"], "journal.sqlite"),
            concurrency=work["concurrency"],
            **work["options"],
        )
        asked = [
            Conversation(str(number), (Message("user", prompt),))
            for number, prompt in enumerate(work["prompts"])
        ]
        texts: list[str | None] = [None] * len(asked)
        for done in engine.complete(asked, sampling):
            if isinstance(done, Completion):
                texts[int(done.id)] = done.text
            else:
                print(f"{done.id}: {done.reason}"[:200], file=sys.stderr)
        engine.close()
        return texts

    return answer


def openai_default() -> Answer:
    """The openai SDK as it comes."""
    return _openai(None)


def openai_aiohttp() -> Answer:
    """The openai SDK on its aiohttp transport."""
    from openai import DefaultAioHttpClient

    return _openai(DefaultAioHttpClient)


def _openai(transport: Callable[[], Any] | None) -> Answer:
    from openai import AsyncOpenAI

    async def ask_all(work: Work) -> Texts:
        given = {"http_client": transport()} if transport else {}
        opened: Any = AsyncOpenAI(
            base_url=work["url"], api_key=KEY, max_retries=RETRIES, timeout=TIMEOUT, **given
        )
        async with opened as client:

            async def ask(prompt: str) -> str | None:
                reply = await client.chat.completions.create(
                    model=MODEL, messages=[{"role": "user", "content": prompt}], **SAMPLING
                )
                text: str | None = reply.choices[0].message.content
                return text

            return await at_most(work["concurrency"], ask, work["prompts"])

    return lambda work: asyncio.run(ask_all(work))


def litellm_completion() -> Answer:
    """litellm's `acompletion`."""
    import litellm

    async def ask_all(work: Work) -> Texts:
        async def ask(prompt: str) -> str | None:
            reply = await litellm.acompletion(
                model=f"openai/{MODEL}",
                messages=[{"role": "user", "content": prompt}],
                api_base=work["url"],
                api_key=KEY,
                num_retries=RETRIES,
                timeout=TIMEOUT,
                **SAMPLING,
            )
            text: str | None = reply.choices[0].message.content
            return text

        return await at_most(work["concurrency"], ask, work["prompts"])

    return lambda work: asyncio.run(ask_all(work))


async def at_most(
    concurrency: int, ask: Callable[[str], Awaitable[str | None]], prompts: Sequence[str]
) -> Texts:
    """All prompts, so many in flight at most; None for one that failed."""
    limit = asyncio.Semaphore(concurrency)

    async def one(prompt: str) -> str | None:
        async with limit:
            try:
                return await ask(prompt)
            except Exception as error:
                print(f"{type(error).__name__}: {error}"[:200], file=sys.stderr)
                return None

    return await asyncio.gather(*map(one, prompts))


CLIENTS: dict[str, tuple[Callable[[], Answer], str]] = {
    "redink": (redink, "redink"),
    "curator": (frameworks.curator, "bespokelabs-curator"),
    "curator-no-tokens": (frameworks.curator_without_tokens, "bespokelabs-curator"),
    "data-designer": (frameworks.data_designer, "data-designer"),
    "distilabel": (frameworks.distilabel, "distilabel"),
    "openai": (openai_default, "openai"),
    "openai-aiohttp": (openai_aiohttp, "openai"),
    "litellm": (litellm_completion, "litellm"),
}
"""How a client is prepared, and the distribution that it comes from."""


def processor_seconds() -> float:
    """User and system time of this process and of its children that have ended."""
    found = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(used.ru_utime + used.ru_stime for used in found)


def peak_mib() -> float:
    """The most memory that this process, or a child of it that has ended, ever held."""
    found = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return max(used.ru_maxrss for used in found) / 1024


def measured(name: str, work: Work) -> dict[str, Any]:
    """One client's figures."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    prepare, distribution = CLIENTS[name]
    started = time.perf_counter()
    answer = prepare()
    prepared, cpu = time.perf_counter(), processor_seconds()
    texts = answer(work)
    ended, cpu_ended = time.perf_counter(), processor_seconds()
    whole = [text for text in texts if text and text.endswith("[END]")]
    return {
        "version": importlib.metadata.version(distribution),
        "rows": len(work["prompts"]),
        "answered": len(whole),
        "different": len(set(whole)),
        "seconds": ended - prepared,
        "cpu_seconds": cpu_ended - cpu,
        "startup_seconds": prepared - started,
        "startup_cpu_seconds": cpu,
        "peak_mib": peak_mib(),
    }


if __name__ == "__main__":
    print("\n" + json.dumps(measured(sys.argv[1], json.loads(Path(sys.argv[2]).read_text()))))
