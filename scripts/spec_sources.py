"""Read what the vendor publishes, from files or from the web. Every refusal is one line that begins with the source."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import yaml
from generate import ROOT
from spec_part import our_part

if TYPE_CHECKING:
    from spec_facts import Document

SOURCES = ROOT / "spec" / "sources.toml"
SIZE_LIMIT = 20_000_000  # bytes; the vendor's whole document has about a tenth
REDIRECT_LIMIT = 5
BLOCK = re.compile(r"^```(?:yaml|yml|json)[ \t]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
OPENAPI = re.compile(r"^\s*[{]?\s*['\"]?openapi['\"]?\s*:", re.MULTILINE)


class SourceRefusedError(Exception):
    """A document that can't be imported: which one and why, in one line."""


class _NoAliases(yaml.SafeLoader):
    """A few lines of YAML aliases unfold to gigabytes, and no published page has any."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("it uses YAML aliases")
        return super().compose_node(parent, index)


def published_sources() -> list[str]:
    """Return the addresses of what the vendor publishes, in the order in which they are imported."""
    return list(tomllib.loads(SOURCES.read_text(encoding="utf-8")))


def read_source(source: str) -> tuple[Document, Document]:
    """Read one vendor document.

    Args:
        source: A file or an https address: a Markdown page with one OpenAPI block, YAML, or JSON.

    Returns:
        The document as it is published, and our part of it: `paths` with our operations and `components.schemas` with
        what they reach, without titles and examples.

    Raises:
        SourceRefusedError: It can't be read, isn't one OpenAPI document, holds nothing of ours, or isn't safe.
    """
    try:
        document = _parse(_read(source))
        return document, our_part(document)
    except RecursionError:
        reason = "nested too deeply, or its references lead in a circle."
    except ValueError as error:
        reason = str(error)
    except Exception as error:  # noqa: BLE001 - whatever a document does to the parsers, nobody wants a traceback
        reason = f"could not be read ({type(error).__name__}: {str(error)[:150]})."
    raise SourceRefusedError(f"{source}: {' '.join(reason.split())}")


def _read(source: str) -> str:
    if source.lower().startswith(("https:", "http:")):
        content = _fetch(source)
    else:
        try:
            if Path(source).stat().st_size > SIZE_LIMIT:
                raise ValueError(f"larger than {SIZE_LIMIT} bytes.")
            content = Path(source).read_bytes()
        except OSError as error:
            raise ValueError(f"{error.strerror or error}.") from None
    return content.decode("utf-8-sig").replace("\r\n", "\n")


def _fetch(address: str) -> bytes:
    hooks = {"request": [_refuse_http]}
    try:
        with (
            httpx.Client(timeout=30, follow_redirects=True, max_redirects=REDIRECT_LIMIT, event_hooks=hooks) as client,
            client.stream("GET", address) as response,
        ):
            return _body(response)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ValueError(
            f"could not be fetched ({str(error) or type(error).__name__}). Without the web, give files that were saved."
        ) from None


def _refuse_http(request: httpx.Request) -> None:
    if request.url.scheme != "https":
        raise ValueError(f"only https addresses are fetched, not {request.url}.")


def _body(response: httpx.Response) -> bytes:
    if response.status_code != httpx.codes.OK:
        raise ValueError(f"the server answered {response.status_code}.")
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > SIZE_LIMIT:
            raise ValueError(f"larger than {SIZE_LIMIT} bytes.")
    return bytes(body)


def _parse(text: str) -> Document:
    if text.lstrip().startswith("<"):
        raise ValueError("is HTML, not a Markdown page, YAML or JSON.")
    if not text.lstrip().startswith("{") and re.search(r"^```", text, re.MULTILINE):
        blocks = [block for block in BLOCK.findall(text) if OPENAPI.search(block)]
        if len(blocks) != 1:
            raise ValueError(f"has {len(blocks)} OpenAPI blocks where exactly one is needed.")
        text = blocks[0]
    try:
        document = json.loads(text) if text.lstrip().startswith("{") else yaml.load(text, _NoAliases)  # noqa: S506 - it is a SafeLoader
    except yaml.YAMLError as error:
        raise ValueError(f"is not valid YAML: {' '.join(str(error).split())[:150]}.") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"is not valid JSON: {error}.") from None
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3."):
        raise ValueError("is no OpenAPI 3 document.")
    return document
