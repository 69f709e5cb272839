"""Pages of our own in the vendor's format, and a copy of the project to import them into."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
COPIED = (
    *("CHANGELOG.md", "codegen-config.yml", "generated", "openapi.yaml", "pyproject.toml"),
    *("scripts", "simulator", "spec", "tests", "wrapper", "backup", "cli"),
)
KEY = {"name": "xi-api-key", "in": "header", "required": True, "schema": {"type": "string"}}


def fields(vendor, schema="SpeechHistoryItemResponseModel"):
    """The fields of one of the vendor's schemas."""
    return vendor["components"]["schemas"][schema]["properties"]


class Project:
    """A copy of this project that an import may change."""

    def __init__(self, folder):
        self.folder = folder
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, folder / name)

    @property
    def vendor(self):
        return yaml.safe_load(self.path("spec/vendor.yaml").read_text(encoding="utf-8"))

    @property
    def spec(self):
        return yaml.safe_load(self.path("openapi.yaml").read_text(encoding="utf-8"))

    def path(self, name):
        return self.folder / name

    def state(self):
        """Every file that an import may write, with its bytes."""
        return {
            file.relative_to(self.folder): file.read_bytes()
            for name in ("openapi.yaml", "spec", "generated")
            for file in [self.path(name), *self.path(name).rglob("*")]
            if file.is_file() and "__pycache__" not in file.parts
        }

    def run(self, *sources):
        return subprocess.run(
            [sys.executable, "scripts/import_spec.py", *map(str, sources)],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )

    def write(self, text, name="page.md"):
        file = self.path(name)
        file.write_text(text, encoding="utf-8")
        return file

    def import_pages(self, *pages):
        """Import pages and return what was printed, a list of lines."""
        files = [self.write(page, f"page-{number}.md") for number, page in enumerate(pages)]
        done = self.run(*files)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    def remove_corrections(self, target):
        """Take the corrections of a target and what is under it out of the overlay."""
        file = self.path("spec/overlay.yaml")
        overlay = yaml.safe_load(file.read_text(encoding="utf-8"))
        kept = [action for action in overlay["actions"] if not (action["target"] + ".").startswith(target + ".")]
        assert len(kept) < len(overlay["actions"])
        file.write_text(yaml.safe_dump(overlay | {"actions": kept}, sort_keys=False), encoding="utf-8")

    def run_tests(self, *arguments):
        """Run the project's own tests on what was imported."""
        roots = [str(self.path(name)) for name in ("generated", "wrapper", "backup", "cli", "simulator")]
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-cov", *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(roots)},
        )


def page(vendor, path, method):
    """Write the page of one operation as the vendor does: its tags nested, the key among its parameters."""
    operation = vendor["paths"][path][method]
    others = [other for other in operation.get("parameters", []) if other["name"] != KEY["name"]]
    operation = operation | {"tags": [["subpackage_history"]], "parameters": [*others, KEY]}
    document = {
        "openapi": "3.1.1",
        "info": {"title": "One endpoint", "version": "endpoint_history"},
        "paths": {path: {method: operation}},
        "components": vendor["components"],
    }
    block = yaml.safe_dump(document, sort_keys=False)
    examples = "## Examples\n\n```python\nprint(1)\n```\n"
    return f"# One endpoint\n\n## OpenAPI Specification\n\n```yaml\n{block}```\n\n{examples}"
