"""Nothing that comes with a model is run: the code has no way to do so."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(
    file for folder in ("tools", "index", "agent", "cli") for file in (ROOT / folder).rglob("*.py")
)


def dangers(source: str) -> Iterator[str]:
    """What in a program could run what a model's folder brings: pickles, unguarded weights, code from a hub."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
            yield from (
                name for name in names if name.split(".")[0] in ("pickle", "dill", "joblib", "marshal")
            )
        if isinstance(node, ast.Call):
            words = {word.arg: word.value for word in node.keywords}
            trusted = words.get("trust_remote_code")
            if trusted is not None and not (isinstance(trusted, ast.Constant) and trusted.value is False):
                yield "trust_remote_code"
            if ast.unparse(node.func) == "torch.load":
                only = words.get("weights_only")
                if not (isinstance(only, ast.Constant) and only.value is True):
                    yield "torch.load"
            if isinstance(node.func, ast.Name) and node.func.id in ("eval", "exec"):
                yield node.func.id


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_module_can_run_what_a_model_brings(file: Path) -> None:
    assert list(dangers(file.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("source", "danger"),
    [
        ("import pickle", "pickle"),
        ("from pickle import loads", "pickle"),
        ("import torch\ntorch.load(path)", "torch.load"),
        ("torch.load(path, weights_only=False)", "torch.load"),
        ("AutoModel.from_pretrained(x, trust_remote_code=True)", "trust_remote_code"),
        ("AutoModel.from_pretrained(x, trust_remote_code=wanted)", "trust_remote_code"),
        ("exec(text)", "exec"),
    ],
)
def test_what_could_is_found(source: str, danger: str) -> None:
    assert danger in list(dangers(source))


def test_what_is_guarded_is_let_pass() -> None:
    assert not list(dangers("torch.load(path, weights_only=True)\nf(trust_remote_code=False)\nmodel.eval()"))
