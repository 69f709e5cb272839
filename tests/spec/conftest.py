"""The scripts, imported as they import each other, and the documents they work on."""

import importlib
import sys

import pytest
import yaml
from vendor_pages import ROOT, Project

SCRIPTS = (
    "check_release",
    *("import_spec", "generate", "spec_changes", "spec_diff", "spec_elsewhere", "spec_facts", "spec_forms"),
    *("spec_names", "spec_part", "spec_release", "spec_sources"),
)


@pytest.fixture(scope="module")
def scripts():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "scripts"))
        yield {name: importlib.import_module(name) for name in SCRIPTS}
    for name in SCRIPTS:
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def spec_sources(scripts):
    return scripts["spec_sources"]


@pytest.fixture(scope="module")
def published():
    return yaml.safe_load((ROOT / "spec" / "vendor.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def corrected(scripts, published):
    """What the corrections make of it, still under the vendor's names."""
    overlay = yaml.safe_load((ROOT / "spec" / "overlay.yaml").read_text(encoding="utf-8"))
    return scripts["import_spec"].build(published, overlay)[0]


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


@pytest.fixture
def vendor(project):
    return project.vendor
