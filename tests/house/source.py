"""Reading our own source: every module with its syntax tree, and the little that the rules ask of trees."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
Rule = Callable[[ast.AST], Iterator[ast.AST]]


@dataclass(frozen=True)
class Module:
    """`name` is the path below the root, such as `portal/kit/db.py`."""

    name: str
    text: str
    tree: ast.Module


@cache
def modules(*folders: str) -> tuple[Module, ...]:
    """Every module below these folders, the generated first migration left out."""
    files = sorted(file for folder in folders or ("portal",) for file in (ROOT / folder).rglob("*.py"))
    return tuple(_module(file) for file in files if file.name != "0001_the_house.py")


def _module(file: Path) -> Module:
    text = file.read_text()
    return Module(str(file.relative_to(ROOT)), text, ast.parse(text))


def snippet(text: str) -> ast.Module:
    return ast.parse(text)


def broken(rule: Rule, *, but: tuple[str, ...] = (), folders: tuple[str, ...] = ("portal",)) -> list[str]:
    """Where the rule is broken, as `file:line`, except in files whose names begin with one of `but`."""
    return [
        f"{module.name}:{getattr(node, 'lineno', 1)}"
        for module in modules(*folders) if not module.name.startswith(but or ("\0",))
        for node in rule(module.tree)
    ]


def calls(tree: ast.AST, *names: str) -> Iterator[ast.Call]:
    """Calls of a function or a method with one of these names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and called(node) in names:
            yield node


def called(node: ast.AST) -> str:
    """`f` for `f(…)`, `x.f(…)`, `f` and `x.f`."""
    if isinstance(node, ast.Call):
        return called(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def lines_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1
