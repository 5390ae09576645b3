"""Objects of the user's own: ``python:package.module:factory`` leads to what the factory gives."""

from __future__ import annotations

from importlib import import_module
from typing import TypeVar

from rag_app.errors import RagError, UsageError

T = TypeVar("T")


def made_by(spec: str, path: str, kind: type[T], base: str, fault: type[RagError]) -> T:
    """What the factory at ``path`` gives; a ready object of the kind does as well.

    Args:
        spec: As the user wrote it, for messages.
        path: ``package.module:factory``.
        kind: What it must be.
        base: How messages call that.
        fault: What is raised.

    Raises:
        UsageError: ``path`` is not of that form.
        RagError: There is no such module or factory, it fails, or it gives something else.
    """
    module_name, _, name = path.partition(":")
    if not all(part.isidentifier() for part in [*module_name.split("."), *name.split(".")]):
        raise UsageError(f"'{spec}' names no factory. Write python:package.module:factory.")
    made = found = _found(spec, module_name, name, fault)
    if callable(found) and not isinstance(found, kind):
        try:
            made = found()
        except RagError:
            raise
        except Exception as error:
            raise fault(
                f"The factory of '{spec}' failed: {said(error)}. It is called without arguments."
            ) from error
    if not isinstance(made, kind):
        raise fault(
            f"'{spec}' gave an object of the class {type(made).__name__}. The factory must return "
            f"a LangChain {base}."
        )
    return made


def _found(spec: str, module_name: str, name: str, fault: type[RagError]) -> object:
    try:
        found: object = import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and (module_name + ".").startswith(error.name + "."):
            raise fault(
                f"There is no module '{error.name}' for '{spec}'. Install it, or put the folder "
                "it lies in into the variable PYTHONPATH."
            ) from error
        raise fault(
            f"The module of '{spec}' needs '{error.name}', which is not installed. Install it."
        ) from error
    except Exception as error:
        raise fault(
            f"The module of '{spec}' cannot be imported: {said(error)}. Correct that code."
        ) from error
    for part in name.split("."):
        if not hasattr(found, part):
            raise fault(
                f"The module '{module_name}' has no '{name}'. Correct the last part of '{spec}'."
            )
        found = getattr(found, part)
    return found


def said(error: BaseException) -> str:
    """An error of code that is not ours, on one line."""
    words = " ".join(str(error).split())[:200].rstrip(".")
    return f"{type(error).__name__}: {words}" if words else type(error).__name__
