"""`aftercall doctor`: what is here, what is missing, for what, and the command that mends it.

Lives here: looking (versions, weights, matcher, telemetry, disk, programs) and saying. Not here: installing anything.
Imports nothing heavy: versions come from package metadata.
"""

import os
import platform
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal

from aftercall.cli.terminal import asker, tell, write_line
from aftercall.contracts.errors import ModelError, ModelMissing

State = Literal["ok", "missing", "absent", "note"]

_EXAMPLE = "aftercall doctor"
_DOES = (
    "Says what is installed, which models are found and where, and what is missing for what. Exit 1: the main job cannot run."
)
_SETUP = "make setup"
_NEEDED_EXTRAS = ("", "platform")
_FOR_EXTRA = {
    "": "every verb",
    "platform": "the main job: lake, marts, orchestration, pages",
    "speech": "recordings",
    "names": "redaction: names and addresses",
    "notebooks": "the analysts' notebooks",
    "dev": "the checks (make test)",
}
_FOR_MODEL = {
    "whisper-base": "recordings: words",
    "silero-vad": "recordings: when somebody speaks",
    "signals": "signals, and questions the text model answers",
    "rampart": "redaction: names and addresses",
    "spacy-en": "redaction: names and addresses",
}
_PROGRAMS = {
    "chromium": ("chromium", "tests that look at the reports in a browser"),
    "flite": ("flite", "tests and the benchmark that speak sentences of known words"),
}
_LITTLE_DISK_BYTES = 2 << 30


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. state: ok; missing (the main job needs it); absent (something else does); note."""

    group: str
    name: str
    state: State
    detail: str
    used_for: str = ""
    fix: str = ""


def main(argv: Sequence[str]) -> int:
    """Look at everything and say it; 0 the main job can run, 1 something it needs is missing."""
    ask = asker("doctor", _EXAMPLE, _DOES)
    ask.add_argument("--json", action="store_true", help="one JSON object on stdout instead of text on stderr")
    asked = ask.parse_args(list(argv))
    findings = list(examine(os.environ, Path.cwd()))
    missing = [one for one in findings if one.state == "missing"]
    if asked.json:
        write_line({"can_run": not missing, "findings": [asdict(one) for one in findings]})
    else:
        for line in _text(findings):
            tell(line)
    return 1 if missing else 0


def examine(environment: Mapping[str, str], folder: Path) -> Iterator[Finding]:
    """Yield every finding, in the order people read them. Reads only, but for joining a model that came in two halves."""
    yield _python()
    yield from _packages()
    yield _matcher()
    yield from _models(environment)
    yield from _telemetry(environment, Path(__file__).parents[2])
    yield _disk(folder)
    yield from _programs()


def _python() -> Finding:
    # The package refuses to install on an older Python, so this line informs; it cannot fail.
    return Finding("machine", "python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}")


def wanted(lines: Sequence[str]) -> dict[str, str]:
    """Return package name -> extra ("" when always needed) from requirement lines of package metadata.

    >>> wanted(["numpy>=2", "dagster<2,>=1; extra == 'platform'", "hyperscan; sys_platform == 'linux'"])
    {'numpy': '', 'dagster': 'platform'}
    """
    out: dict[str, str] = {}
    for line in lines:
        name, _, condition = line.partition(";")
        extra = re.search(r"extra == ['\"]([\w-]+)['\"]", condition)
        if condition.strip() and not extra:
            continue  # for some machines only: the matcher's own finding speaks of it
        out[re.split(r"[\s<>=!~\[(]", name.strip(), maxsplit=1)[0]] = extra.group(1) if extra else ""
    return out


def _packages() -> Iterator[Finding]:
    try:
        lines = requires("aftercall") or []
    except PackageNotFoundError:
        yield Finding("packages", "aftercall", "missing", "not installed: it runs from its source alone", "every verb", _SETUP)
        return
    for name, extra in wanted(lines).items():
        try:
            yield Finding("packages", name, "ok", version(name), _FOR_EXTRA.get(extra, extra))
        except PackageNotFoundError:
            state: State = "missing" if extra in _NEEDED_EXTRAS else "absent"
            fix = "make setup-dev" if extra in ("dev", "notebooks") else _SETUP
            yield Finding("packages", name, state, "not installed", _FOR_EXTRA.get(extra, extra), fix)


def _matcher() -> Finding:
    try:
        return Finding("matcher", "phrase matcher", "ok", f"Vectorscan (hyperscan {version('hyperscan')})", "scoring")
    except PackageNotFoundError:
        return Finding(
            "matcher",
            "phrase matcher",
            "note",
            "RE2 fallback: the same answers, more slowly (Vectorscan has no package for this machine, or is not installed)",
            "scoring",
        )


def _models(environment: Mapping[str, str]) -> Iterator[Finding]:
    try:
        from aftercall.text.weights import find, is_intact, models, places_from
    except ModuleNotFoundError as error:
        yield Finding("models", "all", "absent", f"cannot be looked for without {error.name}", "recordings", _SETUP)
        return
    places = places_from(environment)
    for name in models():
        used_for = _FOR_MODEL.get(name, "")
        try:
            found = find(name, places)
            intact = is_intact(found)
        except ModelMissing as error:
            yield Finding("models", name, "absent", str(error), used_for, _SETUP)
        except (ModelError, OSError) as error:
            yield Finding("models", name, "absent", f"found but not usable: {error}", used_for, _SETUP)
        else:
            where = f"{found.origin}: {found.version}, at {found.path}"
            if name == "signals":
                yield _text_model(found.path, where, used_for, intact=intact)
            elif intact:
                yield Finding("models", name, "ok", f"{where}; SHA-256 as pinned", used_for)
            elif found.origin == "installed package":
                fix = f"rm -r {found.path}"
                yield Finding(
                    "models", name, "absent", f"{where}; its bytes were changed since they were joined", used_for, fix
                )
            else:
                yield Finding("models", name, "note", f"{where}; not the pinned bytes: an operator's own choice", used_for)


def _text_model(folder: Path, where: str, used_for: str, *, intact: bool) -> Finding:
    """Say which text model there is, or why what was found is not loaded: unlike others it is never loaded with other bytes."""
    from aftercall.text.weights import CARD

    if not (folder / CARD).is_file():
        used = f"{where}; a classifier in the place of the shipped model; it needs the extra train"
        return Finding("models", "signals", "note", used, used_for)
    if not intact:
        return Finding("models", "signals", "absent", f"{where}; not the bytes its card names: not loaded", used_for, _SETUP)
    from aftercall.text.card import read_card

    try:
        card = read_card(folder / CARD)
    except ModelError as error:
        return Finding("models", "signals", "absent", f"found but not usable: {error}", used_for, _SETUP)
    detail = f"{where}; version {card.version} with {len(card.heads)} heads; SHA-256 as its card names"
    return Finding("models", "signals", "ok", detail, used_for)


def _telemetry(environment: Mapping[str, str], checkout: Path) -> Iterator[Finding]:
    for name, key, place, pattern in (
        ("dagster", "DAGSTER_DISABLE_TELEMETRY", "dagster.yaml", r"telemetry:\s*\n\s+enabled:\s*false"),
        ("dbt", "DBT_SEND_ANONYMOUS_USAGE_STATS", "dbt_like_sql/dbt_project.yml", r"send_anonymous_usage_stats:\s*false"),
        ("great expectations", "GX_ANALYTICS_ENABLED", "assets/expectations.py", r"GX_ANALYTICS_ENABLED\"\] = \"false\""),
    ):
        off = "1" if key == "DAGSTER_DISABLE_TELEMETRY" else "false"
        file = checkout / place
        if environment.get(key, "").lower() == off:
            yield Finding("telemetry", name, "ok", f"off ({key}={off})")
        elif file.is_file() and re.search(pattern, file.read_text("utf-8")):
            yield Finding("telemetry", name, "ok", f"off ({place})")
        else:
            yield Finding("telemetry", name, "note", "not switched off here", "privacy", f"export {key}={off}")


def _disk(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    is_little = free < _LITTLE_DISK_BYTES
    detail = f"{free / 2**30:,.1f} GB free where you stand" + ("; a run may need 2 GB" if is_little else "")
    return Finding("machine", "disk", "note" if is_little else "ok", detail)


def _programs() -> Iterator[Finding]:
    for name, (package, used_for) in _PROGRAMS.items():
        path = shutil.which(name)
        if path:
            yield Finding("programs", name, "ok", path, used_for)
        else:
            yield Finding("programs", name, "absent", "not installed", used_for, f"apt-get install {package}")


_MARK = {"ok": "ok     ", "missing": "MISSING", "absent": "absent ", "note": "note   "}


def _text(findings: Sequence[Finding]) -> Iterator[str]:
    packages = [one for one in findings if one.group == "packages" and one.state == "ok"]
    for one in findings:
        if one in packages:
            continue
        line = f"{_MARK[one.state]}  {one.name}: {one.detail}"
        line += f" (for {one.used_for})" if one.used_for else ""
        yield line + (f"\n{'':9}do: {one.fix}" if one.fix and one.state != "ok" else "")
    for extra, used_for in _FOR_EXTRA.items():
        own = [f"{one.name} {one.detail}" for one in packages if one.used_for == used_for]
        if own:
            yield f"ok       packages for {used_for}{f' [{extra}]' if extra else ''}: {', '.join(own)}"
    missing = [one.name for one in findings if one.state == "missing"]
    absent = [one.name for one in findings if one.state == "absent"]
    if missing:
        yield f"The main job cannot run: {', '.join(missing)} missing. Do: {_SETUP}"
    elif absent:
        yield f"The main job can run; without {', '.join(absent)}, what they are for is left out and said."
    else:
        yield "The main job can run; nothing is missing."
