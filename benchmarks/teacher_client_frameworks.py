"""Frameworks that make data with a model behind an endpoint, asked as their documentation asks.

Limits of their own (requests and tokens per minute) are set out of the way, and the concurrency is
set to that of the other clients.
"""

import os
from pathlib import Path
from typing import Any

from benchmarks.teacher_client_work import KEY, MODEL, SAMPLING, Answer, Texts, Work

NO_LIMIT = 1_000_000_000


def curator() -> Answer:
    """curator's `LLM` on its OpenAI back end."""
    import litellm

    # The encoding that curator counts with would be downloaded; litellm's wheel carries the file.
    os.environ["TIKTOKEN_CACHE_DIR"] = str(
        Path(litellm.__file__).parent / "litellm_core_utils" / "tokenizers"
    )
    from bespokelabs import curator

    class Teacher(curator.LLM):  # type: ignore[misc]
        def prompt(self, row: dict[str, str]) -> str:
            return row["prompt"]

        def parse(self, row: dict[str, Any], response: str) -> dict[str, Any]:
            return {"number": row["number"], "text": response}

    def answer(work: Work) -> Texts:
        settings = {
            "base_url": work["url"],
            "max_requests_per_minute": NO_LIMIT,
            "max_tokens_per_minute": NO_LIMIT,
            "max_concurrent_requests": work["concurrency"],
            "require_all_responses": False,
        }
        teacher = Teacher(
            model_name=MODEL,
            backend="openai",
            generation_params=dict(SAMPLING),
            backend_params=settings,
        )
        rows = numbered(work)
        return collected(teacher(rows, working_dir=work["folder"]).dataset, len(rows))

    return answer


def curator_without_tokens() -> Answer:
    """curator with a tokenizer that costs nothing."""
    answer = curator()
    replace_tokenizer()
    return answer


def replace_tokenizer() -> None:
    """Has tiktoken count four characters as a token, at no cost and without a download."""
    import tiktoken

    class Stub:
        def encode(self, text: str, **_: Any) -> range:
            return range(len(text) // 4)

    tiktoken.get_encoding = lambda _: Stub()


def data_designer() -> Answer:
    """NVIDIA's DataDesigner: one text column over the prompts, its tokenizer at no cost."""
    import data_designer.config as config
    import pandas
    from data_designer.interface import DataDesigner

    replace_tokenizer()

    def answer(work: Work) -> Texts:
        asking = config.ChatCompletionInferenceParams(
            max_parallel_requests=work["concurrency"], timeout=600, **SAMPLING
        )
        model = config.ModelConfig(
            alias="teacher",
            model=MODEL,
            provider="local",
            inference_parameters=asking,
            skip_health_check=True,
        )
        provider = config.ModelProvider(name="local", endpoint=work["url"], api_key=KEY)
        designer = DataDesigner(artifact_path=work["folder"], model_providers=[provider])
        limits = config.RunConfig(
            max_in_flight_tasks=max(1024, work["concurrency"]),
            disable_early_shutdown=True,
            otel_metrics_port=None,
        )
        designer.set_run_config(limits)
        builder = config.DataDesignerConfigBuilder(model_configs=[model])
        rows = pandas.DataFrame(numbered(work))
        builder.with_seed_dataset(config.DataFrameSeedSource(df=rows))
        builder.add_column(
            config.LLMTextColumnConfig(name="text", model_alias="teacher", prompt="{{ prompt }}")
        )
        made = designer.create(builder, num_records=len(rows)).load_dataset()
        return collected(made.to_dict("records"), len(rows))

    return answer


def distilabel() -> Answer:
    """distilabel: one text generation step, its batches as large as the concurrency."""
    from distilabel.models import OpenAILLM
    from distilabel.pipeline import Pipeline
    from distilabel.steps import LoadDataFromDicts
    from distilabel.steps.tasks import TextGeneration

    def answer(work: Work) -> Texts:
        rows = [{"number": row["number"], "instruction": row["prompt"]} for row in numbered(work)]
        llm = OpenAILLM(
            model=MODEL,
            base_url=work["url"],
            api_key=KEY,
            timeout=600,
            generation_kwargs={
                "temperature": SAMPLING["temperature"],
                "top_p": SAMPLING["top_p"],
                "max_new_tokens": SAMPLING["max_tokens"],
            },
        )
        with Pipeline(name="teacher", cache_dir=work["folder"]) as pipeline:
            given = LoadDataFromDicts(data=rows, batch_size=work["concurrency"])
            asked = TextGeneration(llm=llm, input_batch_size=work["concurrency"])
            given >> asked
        made = pipeline.run(use_cache=False)["default"]["train"]
        named = [{"number": row["number"], "text": row["generation"]} for row in made]
        return collected(named, len(rows))

    return answer


def numbered(work: Work) -> list[dict[str, Any]]:
    """The prompts as rows."""
    return [{"number": n, "prompt": prompt} for n, prompt in enumerate(work["prompts"])]


def collected(rows: Any, count: int) -> Texts:
    """The texts in the order of the prompts."""
    texts: list[str | None] = [None] * count
    for row in rows:
        texts[row["number"]] = row["text"]
    return texts
