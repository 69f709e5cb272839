"""The documentation has every public name."""

import inspect
import re
from pathlib import Path

import elevenlabs_history
import elevenlabs_history_backup
import pytest
from elevenlabs_history import errors

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
DIRECTIVE = re.compile(r"^\.\. auto(?:class|data|exception|function):: (\w+)$", re.MULTILINE)


@pytest.mark.parametrize("package", [elevenlabs_history, elevenlabs_history_backup], ids=lambda each: each.__name__)
def test_every_public_name_is_in_the_reference(package):
    documented = {
        name for page in REFERENCE.glob("*.md") for name in DIRECTIVE.findall(page.read_text(encoding="utf-8"))
    }
    public = {name for name, value in vars(package).items() if not name.startswith("_") and not inspect.ismodule(value)}
    assert public - documented - set(vars(errors)) == set()
