"""What stands once, or only behind a named door: the commit, the gateway's library, the platform's scope."""

import ast
from collections.abc import Iterator

from tests.house.source import broken, called, calls, snippet

PLATFORM_DOORS = (
    "portal/kit/",                  # defines it; jobs and browser sessions belong to no tenant
    "portal/app.py",                # finds the white label of the asked host
    "portal/cli.py",
    "portal/demo/",
    "portal/operator/",
    "portal/letters/bounces.py",     # a report names a letter, and the letter its tenant
    "portal/numbers/flows.py",      # a port-in looks whether the number is anywhere, and comes into the stock
    "portal/payments/webhooks.py",  # the address says which tenant an event is for
    "portal/arrears/flows.py",      # the daily job, as that of billing
    "portal/billing/commandline.py",
    "portal/billing/run.py",        # the daily job looks which white labels have a new day
    "portal/payments/background.py", # the janitor's job looks for open fundings of everybody
    "portal/statements/flows.py",   # month ends of every tenant, each worked on in its own scope
    "portal/verify.py",             # recomputes every tenant's books
)


def commits(tree: ast.AST) -> Iterator[ast.AST]:
    return calls(tree, "commit")


def stripe_imports(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and any(a.name.split(".")[0] == "stripe" for a in node.names):
            yield node
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "stripe":
            yield node


def global_keys(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "api_key" and called(node.value) == "stripe":
            yield node


def platform_scopes(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        named = isinstance(node, ast.Name) and node.id in ("PLATFORM", "Platform")
        reached = isinstance(node, ast.Attribute) and node.attr in ("PLATFORM", "Platform")
        shared = isinstance(node, ast.Call) and called(node) == "shared_transaction"
        if named or reached or shared:
            yield node


def opened_transactions(tree: ast.AST) -> Iterator[ast.AST]:
    return calls(tree, "transaction", "shared_transaction", "reading", "scoped")


def test_commands_and_queries_open_no_transaction():
    """They get a session; the door that opened it decides what is one unit of work."""
    assert list(opened_transactions(snippet("with transaction() as db: ...")))
    rooms = ("commands.py", "queries.py", "models.py", "forms.py", "entry.py", "lifecycle.py")
    found = [place for place in broken(opened_transactions) if place.split(":")[0].endswith(rooms)]
    assert found == []


def test_the_commit_stands_once():
    assert list(commits(snippet("with x() as db:\n    db.commit()")))
    assert [place.split(":")[0] for place in broken(commits, but=("portal/sandbox/",))] == ["portal/kit/db.py"]


def test_only_one_module_imports_the_gateways_library():
    """The sandbox stands outside: it reads the library's parameter types."""
    assert list(stripe_imports(snippet("import stripe"))) and list(stripe_imports(snippet("from stripe import X")))
    places = {place.split(":")[0] for place in broken(stripe_imports, but=("portal/sandbox/",))}
    assert places == {"portal/payments/stripe_gateway.py"}


def test_no_key_is_global():
    assert list(global_keys(snippet("stripe.api_key = 'sk'")))
    assert broken(global_keys) == []


def test_the_platforms_scope_is_used_behind_its_doors_only():
    for bad in ("transaction(PLATFORM)", "database.reading(database.PLATFORM)", "Platform('platform')",
                "shared_transaction(tenant.id)"):
        assert list(platform_scopes(snippet(bad)))
    assert broken(platform_scopes, but=PLATFORM_DOORS) == []
