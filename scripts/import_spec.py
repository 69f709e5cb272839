"""Write openapi.yaml from what the vendor publishes and our corrections, then the client, and say what changed.

    python scripts/import_spec.py page.md openapi.json https://…
    python scripts/import_spec.py         fetch what spec/sources.toml lists
    python scripts/import_spec.py none    apply the corrections again, to what was imported last

With --write it also writes the changelog entry and the next version that the changes ask for; else it proposes them.

Everything is made beside the files first: when anything fails they stay as they were.
"""

from __future__ import annotations

import argparse
import copy
import subprocess
import sys
import tempfile
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from attrs import frozen
from generate import PACKAGE, ROOT, SPEC, generate, replace_all
from jsonpath_ng.exceptions import JSONPathError
from jsonpath_ng.ext.parser import parse
from oas_patch.overlay import apply_overlay
from openapi_spec_validator import OpenAPIV31SpecValidator
from spec_changes import changes, undescribed, vendor_changes
from spec_elsewhere import notices
from spec_facts import NAME_MAPS, Document, open_answers
from spec_forms import tidy_schemas
from spec_names import named_by_title
from spec_part import FINGERPRINT, PROSE, reachable
from spec_release import proposal
from spec_sources import SourceRefusedError, published_sources, read_source

if TYPE_CHECKING:
    from collections.abc import Sequence

VENDOR = ROOT / "spec" / "vendor.yaml"
OVERLAY = ROOT / "spec" / "overlay.yaml"
CHANGELOG = ROOT / "CHANGELOG.md"
VERSION = ROOT / "wrapper" / "elevenlabs_history" / "_version.py"
# Whatever order the vendor writes in, these come first and in this one, so that a diff shows changes only.
KEY_ORDER = (
    *("openapi", "info", "servers", "security", "tags", "paths", "components"),
    *("operationId", "title", "name", "in", "summary", "type", "description", "required", "format", "parameters"),
    *("requestBody", "responses", "content", "schema"),
)


@frozen
class ImportRefusedError(Exception):
    """Why the files stay as they are, and what else whoever corrects that has to know, a line each."""

    reason: str
    details: Sequence[str] = ()

    def __str__(self) -> str:
        return "\n".join([f"{self.reason} Nothing was changed.", *self.details])


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the signature is the library's
        return True


def import_spec(sources: list[str]) -> list[str]:
    """Import the sources, and replace the spec and the client.

    Args:
        sources: Vendor documents, files or https addresses; a later one wins over an earlier one.

    Returns:
        What changed, in words, and what a source has or lacks beside our part. When nothing changed, no file
        was touched.

    Raises:
        ImportRefusedError: A source, a correction or the result is not as it must be.
    """
    before, overlay, old = (yaml.safe_load(file.read_text(encoding="utf-8")) for file in (VENDOR, OVERLAY, SPEC))
    vendor, noticed = before, []
    try:
        for source in sources:
            published, part = read_source(source)
            vendor = merge(vendor, part, source)
            noticed += notices(source, published, part, before, old)
    except SourceRefusedError as error:
        raise ImportRefusedError(str(error)) from None
    corrected, unmatched = build(vendor, overlay)
    document = named_by_title(corrected)
    found = changes(old, document)
    found += [
        f"{line} (hidden by spec/overlay.yaml)"
        for line in vendor_changes(before, vendor, corrected)
        if line not in found
    ]
    if unmatched:
        reason = "spec/overlay.yaml: these corrections match nothing; correct or remove them."
        told = [*found, *noticed]
        raise ImportRefusedError(reason, [*unmatched, *(line for line in told if not line.startswith("wording"))])
    if mistake := next(OpenAPIV31SpecValidator(document).iter_errors(), None):
        where = "/".join(str(step) for step in mistake.absolute_path)
        reason = mistake.message.partition("\n")[0][:200]
        raise ImportRefusedError(f"The new spec is not valid at {where or 'its top'}: {reason}.")
    if not found and document == old:
        return noticed
    with tempfile.TemporaryDirectory(dir=ROOT, prefix=".spec-") as folder:
        staged = Path(folder)
        (staged / "openapi.yaml").write_text(dump(document), encoding="utf-8")
        (staged / "vendor.yaml").write_text(dump(vendor), encoding="utf-8")
        try:
            generate(staged / "package", staged / "openapi.yaml")
        except subprocess.CalledProcessError:
            raise ImportRefusedError("The generator refused the new spec, see above.") from None
        replace_all(
            {staged / "openapi.yaml": SPEC, staged / "vendor.yaml": VENDOR, staged / "package": PACKAGE}, staged
        )
    return [
        *found,
        *noticed,
        *(f"wording: {name} has no words of ours yet (spec/overlay.yaml)" for name in undescribed(vendor, corrected)),
    ]


def merge(vendor: Document, part: Document, source: str) -> Document:
    """Put the operations and schemas of a source over those we have; what nothing reaches any more goes."""
    paths = copy.deepcopy(vendor["paths"])
    for path, item in part["paths"].items():
        paths.setdefault(path, {}).update(item)
    try:
        schemas = reachable(paths, vendor["components"]["schemas"] | part["components"]["schemas"])
    except ValueError as error:
        raise SourceRefusedError(f"{source}: {error}") from None
    return {"paths": dict(sorted(paths.items())), "components": {"schemas": schemas}}


def build(vendor: Document, overlay: Document) -> tuple[Document, list[str]]:
    """Apply the corrections to the vendor's part, one after the other.

    Returns:
        The corrected document, and the corrections that found nothing to correct, a line each.

    Raises:
        ImportRefusedError: A correction's target is no JSONPath.
    """
    unmatched = []
    document = copy.deepcopy({"openapi": "3.1.1", "info": {"title": "", "version": ""}, **vendor})
    for action in copy.deepcopy(overlay["actions"]):
        target = action["target"]
        try:
            found = parse(target).find(document)
        except JSONPathError as error:
            raise ImportRefusedError(f"spec/overlay.yaml: {target} is no JSONPath ({error}).") from None
        if found:
            apply_overlay(document, {"actions": [action]})
        else:
            unmatched.append(f"  {target} ({action['description']})")
    _describe_answers(document["paths"])
    document = open_answers(document)
    corrected = {
        **document,
        "paths": _without_fingerprints(tidy_schemas(document["paths"])),
        "components": _without_fingerprints(tidy_schemas(document["components"])),
    }
    return corrected, unmatched


def dump(document: Document) -> str:
    """Write a document as YAML, the same bytes for the same document."""
    return str(yaml.dump(_ordered(document), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110))


def _ordered(node: Any, *, names: bool = False) -> Any:
    """Sort OpenAPI's own words; names that the vendor chose, of fields for example, stay in the vendor's order."""
    if isinstance(node, list):
        return [_ordered(item) for item in node]
    if not isinstance(node, dict):
        return node
    first = {} if names else {key: node[key] for key in KEY_ORDER if key in node}
    return {key: _ordered(value, names=not names and key in NAME_MAPS) for key, value in (first | node).items()}


def _without_fingerprints(node: Any) -> Any:
    """Drop what stands in for the vendor's words, and lists of parameters that the corrections have emptied."""
    if isinstance(node, list):
        return [_without_fingerprints(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _without_fingerprints(value)
        for key, value in node.items()
        if not (key in PROSE and isinstance(value, str) and FINGERPRINT.fullmatch(value))
        and not (key == "parameters" and value == [])
    }


def _describe_answers(paths: Document) -> None:
    """Give every answer that has no words of ours the name of its status, because OpenAPI wants some."""
    for item in paths.values():
        for operation in item.values():
            for status, answer in operation["responses"].items():
                if FINGERPRINT.fullmatch(answer.get("description", "")):
                    answer["description"] = HTTPStatus(int(status)).phrase if status.isdigit() else "Any other answer"


def propose_release(lines: list[str], *, write: bool) -> None:
    """Print the version and the changelog entry that the lines of an import ask for, or write both."""
    changelog, module = CHANGELOG.read_text(encoding="utf-8"), VERSION.read_text(encoding="utf-8")
    version = module.split('"')[-2]
    proposed, text = proposal(lines, changelog, version)
    if text == changelog:
        return
    if write:
        CHANGELOG.write_text(text, encoding="utf-8")
        VERSION.write_text(module.replace(f'"{version}"', f'"{proposed}"'), encoding="utf-8")
        print(f"Wrote the changelog entry of version {proposed}.", file=sys.stderr)
        return
    entry = sorted(set(text.splitlines()) - set(changelog.splitlines()))
    print(f"Proposed for CHANGELOG.md, version {proposed} (--write writes it):", *entry, sep="\n", file=sys.stderr)


def main() -> int:
    """Run as the module docstring says and return the exit code."""
    parser = argparse.ArgumentParser(description="Import what the vendor publishes and say what changed.")
    parser.add_argument("sources", nargs="*", help="files or https addresses; none: correct the last import again")
    parser.add_argument("--write", action="store_true", help="write the changelog entry and the version, too")
    args = parser.parse_args()
    try:
        found = import_spec([] if args.sources == ["none"] else args.sources or published_sources())
        print("\n".join(found) or "no change", flush=True)
        propose_release(found, write=args.write)
    except (ImportRefusedError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
