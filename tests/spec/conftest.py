"""The scripts as modules, and the documents they work on."""

import importlib
import sys

import pytest
import yaml
from vendor_pages import ROOT

MODULES = ("spec_changes", "spec_diff", "spec_elsewhere", "spec_facts")


@pytest.fixture(scope="module")
def scripts():
    sys.path.insert(0, str(ROOT / "scripts"))
    yield {name: importlib.import_module(name) for name in MODULES}
    sys.path.remove(str(ROOT / "scripts"))
    for name in MODULES:
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def published():
    return yaml.safe_load((ROOT / "spec" / "vendor.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def corrected():
    return yaml.safe_load((ROOT / "openapi.yaml").read_text(encoding="utf-8"))
