"""Imports only go down the house."""

import subprocess
import sys
import tomllib
from pathlib import Path

from tests.house.source import ROOT

CONFIGURATION = ROOT / "pyproject.toml"


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", program, "--config", str(CONFIGURATION), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_imports_go_down_and_every_package_has_its_floor():
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout


def test_an_import_that_goes_up_is_noticed(tmp_path):
    """A house of empty rooms with one wrong import in it, and one room that has no floor."""
    contracts = tomllib.loads(CONFIGURATION.read_text())["tool"]["importlinter"]["contracts"]
    floors = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    for room in (room.strip(" ()") for floor in floors for room in floor.split("|")):
        _make(tmp_path / "portal" / room / "__init__.py", "from portal import accounts" if room == "ledger" else "")
    _make(tmp_path / "portal" / "shed" / "__init__.py", "")
    _make(tmp_path / "portal" / "__init__.py", "")
    _make(tmp_path / "stripe" / "__init__.py", "")
    done = lint(tmp_path)
    assert done.returncode != 0
    assert "portal.ledger is not allowed to import portal.accounts" in done.stdout
    assert "shed" in done.stdout


def _make(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
