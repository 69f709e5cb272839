"""The scripts, imported as they import each other, and what the vendor published last."""

import importlib
import sys

import pytest
import yaml
from vendor_pages import ROOT

SCRIPTS = ("import_spec", "generate", "spec_changes", "spec_forms", "spec_part", "spec_sources")


@pytest.fixture(scope="module")
def spec_sources():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "scripts"))
        yield importlib.import_module("spec_sources")
    for name in SCRIPTS:
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def committed():
    return yaml.safe_load((ROOT / "spec" / "vendor.yaml").read_text(encoding="utf-8"))
