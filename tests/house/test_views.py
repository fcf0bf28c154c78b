"""Whoever writes a page says who may see it."""

import ast
from collections.abc import Iterator

from tests.house.source import broken, called, functions, modules, snippet

VERBS = {"get", "post", "put", "patch", "delete", "route"}
LONGEST = 25
# Not the house: a stand-in for the gateway, and the mail the demonstration shows on this machine only.
OUTSIDE = ("portal/sandbox/", "portal/demo/")


def routes(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[int]:
    """The places of `@bp.get(…)` and its like among the decorators."""
    return [
        place for place, decorator in enumerate(function.decorator_list)
        if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute)
        and decorator.func.attr in VERBS and called(decorator.func.value) in ("bp", "app", "blueprint")
    ]


def guards() -> set[str]:
    """Functions of the guard modules that take a view and return one; their names say who may pass."""
    return {
        function.name
        for module in modules() if module.name.endswith("/guards.py")
        for function in functions(module.tree)
        if [called(a.annotation) for a in function.args.args if a.annotation] == ["View"]
    }


def unguarded(tree: ast.AST) -> Iterator[ast.AST]:
    """Views without a guard, or with one that stands above the route, where it guards nothing."""
    known = guards()
    for function in functions(tree):
        routed = routes(function)
        below = [called(d) for d in function.decorator_list[max(routed, default=0) + 1:]]
        if routed and not known.intersection(below):
            yield function


def test_the_guards_are_found():
    assert {"anyone", "signed_in_only", "operator_staff_only", "administrators_only", "finance_only"} <= guards()


def test_every_view_wears_a_guard():
    assert list(unguarded(snippet("@bp.get('/x')\ndef x(): ...")))
    assert list(unguarded(snippet("@administrators_only\n@bp.get('/x')\ndef x(): ...")))
    assert list(unguarded(snippet("@bp.get('/x')\n@limiter.limit('1 per day')\ndef x(): ...")))
    assert not list(unguarded(snippet("@bp.get('/x')\n@administrators_only\ndef x(): ...")))
    assert broken(unguarded, but=OUTSIDE) == []


def changing(tree: ast.AST) -> Iterator[ast.AST]:
    """Views that answer GET (or whatever comes) and open a transaction that may write."""
    for function in functions(tree):
        verbs = {function.decorator_list[i].func.attr for i in routes(function)}  # type: ignore[attr-defined]
        writes = any(isinstance(n, ast.Call) and called(n) == "transaction" for n in ast.walk(function))
        if verbs & {"get", "route"} and writes:
            yield function


def test_no_page_that_is_only_looked_at_writes():
    assert list(changing(snippet("@bp.get('/x')\ndef x():\n    with transaction() as db: ...")))
    assert broken(changing, but=OUTSIDE) == []


def test_no_view_is_long():
    views = [(m.name, f) for m in modules() for f in functions(m.tree) if routes(f)]
    assert len(views) > 20
    assert [f"{name}:{f.name}" for name, f in views if (f.end_lineno or 0) - f.lineno >= LONGEST] == []
