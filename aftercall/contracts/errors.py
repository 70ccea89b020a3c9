"""The error family: everything raised on purpose, each saying what was asked, what exists and what to do.

Not here: records that are refused one by one (records.Problem).

AftercallError
├── RequestError (ValueError)     the request was wrong; the command line exits 2
├── ContractError (ValueError)    a table does not keep its contract
│   ├── UnknownColumn (KeyError)
│   └── UnknownTable (KeyError)
├── IntakeError (ValueError)      a file cannot be read at all (single bad records become Problems)
├── ScorecardError (ValueError)   a scorecard is not valid
├── ModelError (RuntimeError)     a model failed
│   └── ModelMissing (LookupError)
├── DesignError (ValueError)      the data cannot answer the question asked of them
└── AccessRefused (PermissionError)  role or purpose does not allow the read
"""

import difflib
from collections.abc import Sequence


class AftercallError(Exception):
    """Everything raised on purpose."""

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)

    def __str__(self) -> str:
        return self.message


class RequestError(AftercallError, ValueError):
    """What was asked cannot be done as asked."""


class ContractError(AftercallError, ValueError):
    """A table does not keep its contract."""


def _near(asked: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(asked, known, n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


class UnknownColumn(ContractError, KeyError):
    """A table was asked for a column it does not carry.

    >>> print(UnknownColumn("handle", "core_leg", ["handle_s", "talk_s"]))
    core_leg has no column 'handle'. Did you mean 'handle_s'? It has: handle_s, talk_s.
    """

    def __init__(self, asked: str, table: str, known: Sequence[str]) -> None:
        super().__init__(f"{table} has no column {asked!r}.{_near(asked, known)} It has: {', '.join(known)}.")


class UnknownTable(ContractError, KeyError):
    """A table was asked for that does not exist."""

    def __init__(self, asked: str, known: Sequence[str]) -> None:
        super().__init__(f"There is no table {asked!r}.{_near(asked, known)} There are: {', '.join(known)}.")


class IntakeError(AftercallError, ValueError):
    """A file cannot be read."""


class ScorecardError(AftercallError, ValueError):
    """A scorecard is not valid."""


class ModelError(AftercallError, RuntimeError):
    """A model failed."""


class ModelMissing(ModelError, LookupError):
    """No weights were found; names every place that was looked at."""

    def __init__(self, model: str, looked: Sequence[str], fix: str) -> None:
        super().__init__(f"No weights for {model}. Looked at: {'; '.join(looked)}. {fix}")


class DesignError(AftercallError, ValueError):
    """The data cannot answer the question asked of them."""


class AccessRefused(AftercallError, PermissionError):
    """Role or purpose does not allow the read."""
