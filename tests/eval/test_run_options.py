"""The command ``run`` passes on every option under its own name."""

import inspect
from dataclasses import fields

import pytest

from eval import cli_run
from eval.run_options import RunOptions


def test_every_option_is_passed_on_under_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    names = list(inspect.signature(cli_run.run).parameters)
    assert sorted(names) == sorted(field.name for field in fields(RunOptions))
    passed: list[RunOptions] = []
    monkeypatch.setattr(cli_run, "evaluate_and_report", passed.append)
    given = {name: object() for name in names}
    cli_run.run(**given)  # type: ignore[arg-type]
    (options,) = passed
    assert {name: getattr(options, name) for name in names} == given
