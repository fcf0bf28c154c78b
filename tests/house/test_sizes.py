"""Small files, small functions: what does not fit on a screen is not read."""

import ast
from collections.abc import Iterator

from tests.house.source import broken, functions, lines_of, modules, snippet

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
OURS = ("portal", "tests", "migrations")


def long_functions(tree: ast.AST) -> Iterator[ast.AST]:
    return (f for f in functions(tree) if lines_of(f) > LONGEST_FUNCTION)


def test_no_function_is_longer_than_sixty_lines():
    assert list(long_functions(snippet("def f():\n" + "    x = 1\n" * 60)))
    assert not list(long_functions(snippet("def f():\n" + "    x = 1\n" * 59)))
    assert broken(long_functions, folders=OURS) == []


def test_no_file_is_longer_than_four_hundred_lines():
    assert [f"{m.name}: {n}" for m in modules(*OURS) if (n := m.text.count("\n")) > LONGEST_FILE] == []


def test_nine_functions_of_ten_have_at_most_twenty_five_lines():
    sizes = sorted(lines_of(f) for m in modules("portal") for f in functions(m.tree))
    assert sizes[len(sizes) * 9 // 10] <= 25
    assert sizes[len(sizes) // 2] <= 10
