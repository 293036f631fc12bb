"""The mutants of `bin/mutants` can still be planted."""

import shutil
from pathlib import Path

import pytest

from tests.mutation.mutants import MUTANTS, ROOT, Mutant, plant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_stands_in_the_product_exactly_once_and_is_python(mutant: Mutant, tmp_path: Path) -> None:
    for path in {edit.path for edit in mutant.edits}:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, tmp_path / path)

    plant(mutant, tmp_path)

    for edit in mutant.edits:
        compile((tmp_path / edit.path).read_text(), edit.path, "exec")


def test_there_are_at_least_twenty_mutants_each_with_somebody_to_catch_it() -> None:
    assert len(MUTANTS) >= 20
    assert [mutant.name for mutant in MUTANTS if not mutant.is_for_simulation and not mutant.tests] == []


@pytest.mark.parametrize("test", sorted({test for mutant in MUTANTS for test in mutant.tests}))
def test_a_test_that_is_to_catch_a_mutant_is_there(test: str) -> None:
    path, _, name = test.partition("::")

    assert f"def {name}" in (ROOT / path).read_text() if name else (ROOT / path).exists()
