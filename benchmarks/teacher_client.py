"""Critique data at speed: redink's endpoint engine and its peers against one local server.

    python -m benchmarks.teacher_client [--rows 2000] [--concurrency 256 1024] [--rounds 1]
        [--peer-python curator=VENV/bin/python] [--peer-python openai=VENV/bin/python] ...
    python -m benchmarks.teacher_client --faults      20 % of answers are 429s with Retry-After
    python -m benchmarks.teacher_client --soak        20,000 rows, 1,024 in flight, all faults

Every client answers the same rows from `benchmarks.endpoint_server` (a fresh one each time, on
loopback, answers after 0.5 to 1.5 s), each in a process of its own, in an environment of its own:

    python -m venv CURATOR && CURATOR/bin/pip install bespokelabs-curator==0.1.31
    python -m venv OPENAI && OPENAI/bin/pip install "openai[aiohttp]==3.54.0" litellm
    python -m venv DESIGNER && DESIGNER/bin/pip install data-designer==0.9.6
    python -m venv DISTILABEL && DISTILABEL/bin/pip install "distilabel[openai]==1.5.3" requests

Names for `--peer-python`: curator, openai, litellm, data-designer, distilabel. Processor time is
user and system time of the client's process and its children from the first row to the last text;
imports and construction are counted apart, as start-up. What stays on disk counts: redink's
journal, a framework's folder; the bare SDKs keep nothing. Telemetry is switched off.

The last line is one JSON object: `redink.cpu_ms_per_request` (of the worst concurrency),
`ratio_to_best_peer` (requests per second of processor time, redink's over the best framework's, of
the worst concurrency) and everything measured, by concurrency.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.endpoint_replies import SENTENCES
from benchmarks.endpoint_server import start_server
from benchmarks.teacher_client_work import KEY

FRAMEWORKS = ("curator", "curator-no-tokens", "data-designer", "distilabel")
CLIENTS = ("redink", *FRAMEWORKS, "openai-aiohttp", "openai", "litellm")
ENVIRONMENTS = {"curator-no-tokens": "curator", "openai-aiohttp": "openai"}
"""Clients that run in another's environment."""
QUIET = {
    "TELEMETRY_ENABLED": "false",
    "NEMO_TELEMETRY_ENABLED": "false",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "OPENAI_API_KEY": KEY,
    "REDINK_API_KEY": KEY,
}
LIMITED: dict[str, Any] = {"limited_share": 0.2, "retry_after": 1}
SPOILED: dict[str, Any] = {
    "limited_share": 0.05,
    "retry_after": 1,
    "broken_share": 0.05,
    "drip_share": 0.02,
    "cut_share": 0.02,
    "drop_share": 0.02,
    "wrong_json_share": 0.02,
    "empty_choices_share": 0.02,
    "hang_share": 0.005,
}
Figures = dict[str, Any]


def main() -> None:
    """Measures what is asked for and prints a table and the JSON line."""
    options = parsed()
    if options.soak:
        figures = soak(options)
    elif options.faults:
        figures = faults(options)
    else:
        figures = speed(options)
    print(json.dumps(figures))


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, help="2,000; 400 with --faults, 20,000 with --soak")
    parser.add_argument("--concurrency", type=int, nargs="+", help="256 1024; 20; 1024")
    parser.add_argument("--latency", type=float, nargs=2, default=[0.5, 1.5])
    parser.add_argument("--prompt-bytes", type=int, default=1600)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--clients", nargs="+", choices=CLIENTS, default=list(CLIENTS))
    parser.add_argument("--peer-python", action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--faults", action="store_true")
    parser.add_argument("--soak", action="store_true")
    parser.add_argument("--data", help="not used")
    options = parser.parse_args()
    options.python = dict(text.split("=", 1) for text in options.peer_python)
    return options


def prompts(count: int, size: int) -> list[str]:
    """Rows of one length, no two alike."""
    filling = "".join(SENTENCES)
    filling = filling * (size // len(filling) + 1)
    return [f"Row {number}. Critique this solution. {filling}"[:size] for number in range(count)]


def run_client(
    options: argparse.Namespace, name: str, rows: int, concurrency: int, **settings: Any
) -> Figures:
    """One client against a fresh server; `settings` are the server's."""
    engine = settings.pop("engine", {})
    python = options.python.get(ENVIRONMENTS.get(name, name), sys.executable)
    with tempfile.TemporaryDirectory() as folder, start_server(**settings) as server:
        work, kept, home = (Path(folder, part) for part in ("work.json", "kept", "home"))
        kept.mkdir()
        home.mkdir()
        given: Figures = {"url": server.url, "prompts": prompts(rows, options.prompt_bytes)}
        given |= {"concurrency": concurrency, "folder": str(kept), "options": engine}
        work.write_text(json.dumps(given))
        unset = ("http_proxy", "https_proxy", "all_proxy")
        quiet = {key: value for key, value in os.environ.items() if key.lower() not in unset}
        done = subprocess.run(
            [python, "-m", "benchmarks.teacher_client_peers", name, str(work)],
            capture_output=True,
            text=True,
            env=quiet | QUIET | {"HOME": str(home)},
            cwd=Path(__file__).resolve().parent.parent,
        )
        if done.returncode:
            raise RuntimeError(f"{name} failed:\n{done.stderr[-3000:]}")
        figures: Figures = json.loads(done.stdout.splitlines()[-1])
        counts = server.stats()
        figures["disk_bytes_per_row"] = bytes_on_disk(kept) / rows
    for part in ("received_by_body", "answered_by_body", "sent_again"):
        del counts[part]
    figures["rate"] = figures["answered"] / figures["seconds"]
    figures["cpu_ms_per_request"] = 1000 * figures["cpu_seconds"] / max(1, figures["answered"])
    return figures | {"client": name, "concurrency": concurrency, "server": counts}


def bytes_on_disk(folder: Path) -> int:
    """All files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def installed(options: argparse.Namespace) -> list[str]:
    """The clients that can run; says which cannot."""
    modules = {"curator": "bespokelabs.curator", "data-designer": "data_designer.interface"}
    found = []
    for name in options.clients:
        environment = ENVIRONMENTS.get(name, name)
        python = options.python.get(environment, sys.executable)
        test = f"import {modules.get(environment, environment)}"
        if name == "openai-aiohttp":
            test += "; openai.DefaultAioHttpClient()"
        quiet = os.environ | QUIET
        if subprocess.run([python, "-c", test], capture_output=True, env=quiet).returncode:
            print(f"{name} is not installed: see the top of benchmarks/teacher_client.py")
        else:
            found.append(name)
    return found


HEAD = (
    f"{'client':<26} {'C':>5} {'answered':>12} {'req/s':>7} {'CPU ms/req':>10} {'peak MiB':>9} "
    f"{'disk B/row':>10} {'start-up s (CPU)':>17}"
)


def line(figures: Figures) -> str:
    """One row of the table."""
    return (
        f"{figures['client'] + ' ' + figures['version']:<26} {figures['concurrency']:>5} "
        f"{figures['answered']:>5} / {figures['rows']:<5}{figures['rate']:>7.1f} "
        f"{figures['cpu_ms_per_request']:>10.3f} {figures['peak_mib']:>9.0f} "
        f"{figures['disk_bytes_per_row']:>10.0f} {figures['startup_seconds']:>8.2f} "
        f"({figures['startup_cpu_seconds']:.2f})"
    )


def speed(options: argparse.Namespace) -> Figures:
    """The comparison without faults."""
    clients = installed(options)
    latency = tuple(options.latency)
    found: dict[str, Figures] = {}
    print(HEAD, flush=True)
    for concurrency in options.concurrency or [256, 1024]:
        runs: dict[str, list[Figures]] = {name: [] for name in clients}
        rows = options.rows or 2000
        for number in range(options.rounds):
            for name in clients if number % 2 == 0 else reversed(clients):
                runs[name].append(run_client(options, name, rows, concurrency, latency=latency))
                print(line(runs[name][-1]), flush=True)
        found[str(concurrency)] = compared({name: median(runs[name]) for name in clients})
    figures: Figures = {"by_concurrency": found}
    ratios = [part["ratio_to_best_peer"] for part in found.values()]
    if "redink" in clients:
        costs = [part["redink"]["cpu_ms_per_request"] for part in found.values()]
        figures["redink.cpu_ms_per_request"] = max(costs)
        figures["ratio_to_best_peer"] = min((r for r in ratios if r), default=None)
    return figures


def median(runs: list[Figures]) -> Figures:
    """The run of median processor time."""
    middle = statistics.median_low(run["cpu_ms_per_request"] for run in runs)
    return next(run for run in runs if run["cpu_ms_per_request"] == middle)


def compared(runs: dict[str, Figures]) -> Figures:
    """One concurrency's figures and redink's ratio to each client, by processor time."""
    names: tuple[str, ...] = (
        "version",
        "rows",
        "answered",
        "rate",
        "cpu_ms_per_request",
        "peak_mib",
    )
    names += ("disk_bytes_per_row", "startup_seconds", "startup_cpu_seconds")
    kept: Figures = {
        name: {
            key: round(run[key], 3) if isinstance(run[key], float) else run[key] for key in names
        }
        for name, run in runs.items()
    }
    costs = {name: run["cpu_ms_per_request"] for name, run in runs.items()}
    ours = costs.pop("redink", None)
    ratios = {name: round(cost / ours, 2) for name, cost in costs.items()} if ours else {}
    peers = [name for name in ratios if name in FRAMEWORKS]
    best = min(peers, key=ratios.__getitem__, default=None)
    kept |= {"ratios": ratios, "best_peer": best, "ratio_to_best_peer": ratios.get(best or "")}
    return kept


def faults(options: argparse.Namespace) -> Figures:
    """Random 429s: how long each client takes, and how long it would take at best."""
    rows, (concurrency, *_) = options.rows or 400, options.concurrency or [20]
    latency, share = 0.2, LIMITED["limited_share"]
    ideal = rows / (1 - share) * latency / concurrency
    print(
        f"{rows} rows, {concurrency} in flight, answers after {latency} s, {share:.0%} of them 429"
    )
    print(f"with Retry-After {LIMITED['retry_after']} s; at best {ideal:.1f} s", flush=True)
    print(
        f"{'client':<26} {'answered':>12} {'seconds':>8} {'/ best':>7} {'requests':>9} {'429s':>5}"
    )
    found: Figures = {}
    for name in installed(options):
        run = run_client(options, name, rows, concurrency, latency=(latency, latency), **LIMITED)
        limited = run["server"]["by_status"].get("429", 0)
        print(
            f"{name + ' ' + run['version']:<26} {run['answered']:>5} / {rows:<5}"
            f"{run['seconds']:>8.1f} {run['seconds'] / ideal:>7.2f} "
            f"{run['server']['requests']:>9} {limited:>5}",
            flush=True,
        )
        found[name] = {key: run[key] for key in ("answered", "seconds", "cpu_ms_per_request")}
        found[name] |= {"limited": limited, "ratio_to_ideal": run["seconds"] / ideal}
    return {"ideal_seconds": ideal, "clients": found}


def soak(options: argparse.Namespace) -> Figures:
    """redink alone: many rows without faults, with 429s, and with everything that can go wrong."""
    rows, (concurrency, *_) = options.rows or 20_000, options.concurrency or [1024]
    low, high = options.latency
    cases: dict[str, tuple[dict[str, Any], float]] = {"clean": ({}, 1.0)}
    cases["429s"] = (LIMITED, 1 - LIMITED["limited_share"])
    bad = sum(SPOILED.values()) - SPOILED["drip_share"] - SPOILED["retry_after"]
    cases["everything"] = (SPOILED | {"engine": {"timeout": 10}}, 1 - bad)
    print(f"{'case':<11} {'answered':>15} {'sent':>6} {'again':>6} {'seconds':>8} {'/ best':>7} ")
    found: Figures = {}
    for case, (settings, share) in cases.items():
        run = run_client(options, "redink", rows, concurrency, latency=(low, high), **settings)
        ideal = rows / share * (low + high) / 2 / concurrency
        counts = run["server"]
        found[case] = {
            "answered": run["answered"],
            "sent_again_after_success": counts["sent_again_after_success"],
            "requests": counts["requests"],
            "seconds": round(run["seconds"], 2),
            "ratio_to_ideal": round(run["seconds"] / ideal, 3),
            "cpu_ms_per_request": round(1000 * run["cpu_seconds"] / counts["requests"], 3),
            "cpu_ms_per_row": round(run["cpu_ms_per_request"], 3),
            "peak_mib": round(run["peak_mib"], 1),
            "disk_bytes_per_row": round(run["disk_bytes_per_row"]),
            "peak_in_flight": counts["peak_in_flight"],
            "by_status": counts["by_status"],
            "by_fault": counts["by_fault"],
        }
        print(
            f"{case:<11} {run['answered']:>6} / {rows:<6} {counts['requests']:>6} "
            f"{counts['sent_again_after_success']:>6} {run['seconds']:>8.1f} "
            f"{run['seconds'] / ideal:>7.2f}   {found[case]['cpu_ms_per_request']:.3f} ms CPU a "
            f"request, {run['peak_mib']:.0f} MiB, {counts['peak_in_flight']} in flight",
            flush=True,
        )
    return {"rows": rows, "concurrency": concurrency, "cases": found}


if __name__ == "__main__":
    main()
