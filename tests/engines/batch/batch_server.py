"""A small OpenAI-compatible Batch API on loopback, with every trouble that a real one makes.

Run in a thread of the test's process: `with BatchServer() as server`, then `server.url`.
"""

import asyncio
import json
import threading
from collections import Counter

from aiohttp import web


class BatchServer:
    """What it does is set by its attributes; what it saw is in `asked`, `batches`, `files`."""

    def __init__(self):
        self.files, self.batches = {}, {}
        self.asked = Counter()
        """Custom ids in batches that were made: what is paid for."""
        self.names, self.limit_fields = [], Counter()
        self.looks = 2
        """A batch is done at so many looks."""
        self.row = lambda key, body: answered(key, f"reply to {body['messages'][-1]['content']}")
        """The row for a request; None where the batch ends without it."""
        self.end = lambda batch: "completed"
        self.page = 2
        self.before_reply = lambda what, number: None
        """Called with the operation and how often it was seen, when the work is done."""
        self.refuse = lambda lines: None
        """An error (code, message) for a batch that is not run at all."""
        self.status = lambda what, number: 200
        """Another HTTP status, before any work is done; 0 cuts the connection off afterwards."""
        self.hidden_from_list = lambda batch: False
        self.lists = True
        self.torn_downloads = 0
        self.seen = Counter()
        self.key = None

    def __enter__(self):
        started = threading.Event()
        self._loop = asyncio.new_event_loop()

        async def start():
            app = web.Application(client_max_size=2**28)
            app.router.add_post("/v1/files", self._handler("upload", self._upload))
            app.router.add_post("/v1/batches", self._handler("create", self._create))
            app.router.add_get("/v1/batches", self._handler("list", self._list))
            app.router.add_get("/v1/batches/{id}", self._handler("look", self._look))
            app.router.add_post("/v1/batches/{id}/cancel", self._handler("cancel", self._cancel))
            app.router.add_get("/v1/files/{id}/content", self._handler("content", self._content))
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self._runner = runner
            self.port = runner.addresses[0][1]
            started.set()

        def serve():
            asyncio.set_event_loop(self._loop)
            self._loop.run_until_complete(start())
            self._loop.run_forever()

        self._thread = threading.Thread(target=serve, daemon=True)
        self._thread.start()
        assert started.wait(10)
        self.url = f"http://127.0.0.1:{self.port}/v1"
        return self

    def __exit__(self, *error):
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _handler(self, what, work):
        async def handle(request):
            self.seen[what] += 1
            if self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
                return web.json_response({"error": {"message": "wrong key"}}, status=401)
            status = self.status(what, self.seen[what])
            if status not in (0, 200):
                headers = {"Location": "http://127.0.0.1:9/v1"} if status == 302 else {}
                error = {"error": {"message": f"{what} refused"}}
                return web.json_response(error, status=status, headers=headers)
            reply = await work(request)
            await asyncio.to_thread(self.before_reply, what, self.seen[what])
            if status == 0:
                request.transport.close()
            return reply

        return handle

    async def _upload(self, request):
        form = await request.post()
        assert form["purpose"] == "batch"
        data = form["file"].file.read()
        name = f"file-{len(self.files)}"
        self.files[name] = data
        self.names.append(form["file"].filename)
        return web.json_response({"id": name, "object": "file", "bytes": len(data)})

    async def _create(self, request):
        body = await request.json()
        assert body["completion_window"] == "24h"
        lines = [json.loads(line) for line in self.files[body["input_file_id"]].splitlines()]
        assert {line["url"] for line in lines} == {body["endpoint"]}
        error = self.refuse(lines)
        batch = {
            "id": f"batch_{len(self.batches)}", "object": "batch", "endpoint": body["endpoint"],
            "input_file_id": body["input_file_id"], "metadata": body.get("metadata"),
            "status": "validating", "created_at": 2_000_000_000, "output_file_id": None,
            "error_file_id": None, "looks": 0, "lines": lines, "refused": error,
            "request_counts": {"total": len(lines), "completed": 0, "failed": 0},
        }  # fmt: skip
        self.batches[batch["id"]] = batch
        if not error:
            self.asked.update(line["custom_id"] for line in lines)
            for line in lines:
                self.limit_fields.update(
                    set(line["body"]) & {"max_tokens", "max_completion_tokens"}
                )
        return web.json_response(shown(batch))

    async def _list(self, request):
        if not self.lists:
            return web.json_response({"error": {"message": "no such path"}}, status=404)
        found = [b for b in reversed(self.batches.values()) if not self.hidden_from_list(b)]
        ids = [batch["id"] for batch in found]
        after = request.query.get("after")
        start = ids.index(after) + 1 if after else 0
        page = found[start : start + self.page]
        more = start + self.page < len(found)
        return web.json_response({"data": [shown(b) for b in page], "has_more": more})

    async def _look(self, request):
        batch = self.batches[request.match_info["id"]]
        batch["looks"] += 1
        if batch["status"] in ("validating", "in_progress", "cancelling"):
            if batch["refused"]:
                batch["status"] = "failed"
                code, message = batch["refused"]
                batch["errors"] = {"data": [{"code": code, "message": message, "line": 1}]}
            elif batch["status"] == "cancelling":
                self._finish(batch, "cancelled")
            elif batch["looks"] >= self.looks:
                self._finish(batch, self.end(batch))
            else:
                batch["status"] = "in_progress"
        return web.json_response(shown(batch))

    def _finish(self, batch, status):
        batch["status"] = status
        good, bad = [], []
        for line in batch["lines"]:
            row = self.row(line["custom_id"], line["body"])
            if row is not None:
                response = row.get("response") or {}
                (good if response.get("status_code") == 200 else bad).append(row)
        for field, rows in (("output_file_id", good), ("error_file_id", bad)):
            if rows:
                name = f"file-{len(self.files)}"
                self.files[name] = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
                batch[field] = name
        batch["request_counts"] |= {"completed": len(good), "failed": len(bad)}

    async def _cancel(self, request):
        batch = self.batches[request.match_info["id"]]
        batch["status"] = "cancelling"
        return web.json_response(shown(batch))

    async def _content(self, request):
        data = self.files[request.match_info["id"]]
        if self.torn_downloads:
            self.torn_downloads -= 1
            response = web.StreamResponse(headers={"Content-Length": str(len(data))})
            await response.prepare(request)
            await response.write(data[: len(data) // 2])
            request.transport.close()
            return response
        return web.Response(body=data)


def shown(batch):
    return {name: batch[name] for name in batch if name not in ("lines", "looks", "refused")}


def answered(key, text, status=200):
    body = {
        "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3},
    }
    response = {"status_code": status, "request_id": "r", "body": body}
    return {"id": "row", "custom_id": key, "response": response, "error": None}


def failed(key, status, message):
    response = {"status_code": status, "request_id": "r", "body": {"error": {"message": message}}}
    return {"id": "row", "custom_id": key, "response": response, "error": None}


def unanswered(key, code):
    error = {"code": code, "message": "This request could not be executed."}
    return {"id": "row", "custom_id": key, "response": None, "error": error}
