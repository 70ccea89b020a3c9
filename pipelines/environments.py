"""Environments are data: which state, which input, on what basis. Only this module reads the process environment.

Lives here: the settings one set of definitions is built from. Not here: the definitions (definitions.py).
"""

import contextlib
import json
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from aftercall.contracts.columns import BASES
from aftercall.contracts.errors import RequestError

CHECKOUT = Path(__file__).resolve().parents[1]
_LAST = "last_run.json"


def utc_now() -> datetime:
    """Return the present instant; the one clock that is handed down."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Environment:
    """Everything that differs between demo, a real run, the daemon and a test."""

    state: Path
    input: Path | None = None
    basis: str = "notices"
    basis_name: str = ""
    scorecard: Path | None = None
    site_zone: str = "UTC"
    since: str | None = None
    until: str | None = None
    clock: Callable[[], datetime] = field(default=utc_now)
    variables: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    dbt_project: Path = CHECKOUT / "dbt_like_sql"

    def __post_init__(self) -> None:
        if self.basis not in BASES:
            raise RequestError(f"There is no basis {self.basis!r}. There are: {', '.join(BASES)}.")

    @property
    def lake(self) -> Path:
        """Folder of the Delta tables."""
        return self.state / "lake"

    @property
    def marts(self) -> Path:
        """Folder of mart runs and of the link `current`."""
        return self.state / "marts"

    @property
    def reports(self) -> Path:
        """Folder of pages and workbooks."""
        return self.state / "reports"

    @property
    def quarantine(self) -> Path:
        """Folder of refused records, one file per received file."""
        return self.state / "quarantine"

    @property
    def cache(self) -> Path:
        """Folder of what can be made again, shared by all states of this checkout."""
        return CHECKOUT / ".state" / "cache"

    def hash_key(self) -> bytes:
        """Return the key customer ids are hashed with: AFTERCALL_HASH_KEY, else one made for this state and kept there.

        A key of the environment survives the state; the state's own is readable by its owner only.
        """
        if given := self.variables.get("AFTERCALL_HASH_KEY"):
            return given.encode()
        path = self.state / "customer.key"
        if not path.exists():
            self.state.mkdir(parents=True, exist_ok=True)
            fresh = path.with_suffix(f".{os.getpid()}")
            fresh.touch(mode=0o600)
            fresh.write_bytes(secrets.token_bytes(32))
            with contextlib.suppress(FileExistsError):
                os.link(fresh, path)
            fresh.unlink()
        return path.read_bytes()


def from_variables(variables: Mapping[str, str]) -> Environment:
    """Return the environment the daemon runs in.

    Variables: AFTERCALL_STATE (default .state/main), AFTERCALL_INPUT (the drop folder), AFTERCALL_BASIS,
    AFTERCALL_BASIS_NAME, AFTERCALL_SITE_ZONE.

    >>> from_variables({"AFTERCALL_BASIS": "synthetic"}).basis
    'synthetic'
    """
    state = Path(variables.get("AFTERCALL_STATE", CHECKOUT / ".state" / "main"))
    dropped = variables.get("AFTERCALL_INPUT")
    return Environment(
        state=state,
        input=Path(dropped) if dropped else state / "inbox",
        basis=variables.get("AFTERCALL_BASIS", "notices"),
        basis_name=variables.get("AFTERCALL_BASIS_NAME", ""),
        site_zone=variables.get("AFTERCALL_SITE_ZONE", "UTC"),
        variables=variables,
    )


def remember(environment: Environment) -> None:
    """Note in the state on what basis and from which folder it was last run, for pages made later."""
    environment.state.mkdir(parents=True, exist_ok=True)
    facts = {
        "input": None if environment.input is None else str(environment.input),
        "basis": environment.basis,
        "basis_name": environment.basis_name,
        "site_zone": environment.site_zone,
    }
    path = environment.state / _LAST
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(facts, indent=1), encoding="utf-8")
    fresh.replace(path)


def remembered(state: Path, *, scorecard: Path | None = None) -> Environment:
    """Return the environment a state was last run in.

    Raises: RequestError, it was never run.
    """
    try:
        facts = json.loads((state / _LAST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RequestError(f"{state} was never run. Try: aftercall run --input DIR --state {state}") from None
    folder = facts["input"]
    return Environment(
        state=state,
        input=Path(folder) if folder else None,
        basis=facts["basis"],
        basis_name=facts["basis_name"],
        site_zone=facts["site_zone"],
        scorecard=scorecard,
    )
