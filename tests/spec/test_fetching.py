"""What the vendor publishes is fetched over https only, and without the web the refusal names the address."""

import importlib
import json
import sys
from functools import partial

import httpx
import pytest
from vendor_pages import page


@pytest.fixture
def web(spec_sources, monkeypatch):
    """Answer the requests from a table: address → what is there, or to which address it leads, or the error."""
    table = {}

    def answer(request):
        there = table[str(request.url)]
        if isinstance(there, Exception):
            raise there
        if there.startswith(("http:", "https:", "/")):
            return httpx.Response(307, headers={"Location": there})
        return httpx.Response(200, text=there)

    monkeypatch.setattr(httpx, "Client", partial(httpx.Client, transport=httpx.MockTransport(answer)))
    return table


def refused(spec_sources, address):
    with pytest.raises(spec_sources.SourceRefusedError) as caught:
        spec_sources.read_source(address)[1]
    return str(caught.value)


def test_a_redirect_within_https_is_followed(spec_sources, web, published):
    web["https://vendor.test/spec"] = "/new"
    web["https://vendor.test/new"] = "https://other.test/openapi.json"
    web["https://other.test/openapi.json"] = json.dumps({"openapi": "3.1.0", **published})
    assert spec_sources.read_source("https://vendor.test/spec")[1] == published


def test_a_redirect_to_http_is_refused(spec_sources, web):
    web["https://vendor.test/spec"] = "http://vendor.test/spec"
    assert refused(spec_sources, "https://vendor.test/spec") == (
        "https://vendor.test/spec: only https addresses are fetched, not http://vendor.test/spec."
    )


def test_five_redirects_are_followed_and_no_more(spec_sources, web, published):
    web.update({f"https://vendor.test/{number}": f"/{number + 1}" for number in range(6)})
    web["https://vendor.test/6"] = json.dumps({"openapi": "3.1.0", **published})
    assert spec_sources.read_source("https://vendor.test/1")[1] == published
    assert "Exceeded maximum allowed redirects" in refused(spec_sources, "https://vendor.test/0")


def test_without_the_web_the_address_is_named(spec_sources, web):
    web["https://vendor.test/spec"] = httpx.ConnectError("[Errno -2] Name or service not known")
    assert refused(spec_sources, "https://vendor.test/spec") == (
        "https://vendor.test/spec: could not be fetched ([Errno -2] Name or service not known). "
        "Without the web, give files that were saved."
    )


def test_without_sources_everything_that_the_vendor_publishes_is_fetched(spec_sources, web, published, monkeypatch):
    import_spec = importlib.import_module("import_spec")
    addresses = spec_sources.published_sources()
    assert addresses
    assert all(address.startswith("https://") for address in addresses)
    monkeypatch.setattr(sys, "argv", ["import_spec.py"])
    fetched = []
    monkeypatch.setattr(import_spec, "import_spec", lambda sources: fetched.extend(sources) or [])
    assert import_spec.main() == 0
    assert fetched == addresses


def test_with_none_nothing_is_fetched(spec_sources, web, monkeypatch, capsys):
    import_spec = importlib.import_module("import_spec")
    monkeypatch.setattr(sys, "argv", ["import_spec.py", "none"])
    assert import_spec.main() == 0
    assert capsys.readouterr().out == "no change\n"


def test_the_published_addresses_name_all_operations(spec_sources, web, published):
    addresses = spec_sources.published_sources()
    import_spec = importlib.import_module("import_spec")
    operations = [(path, method) for path, item in published["paths"].items() for method in item]
    whole, *pages = addresses
    web[whole] = json.dumps({"openapi": "3.1.0", **published})
    web.update(zip(pages, (page(published, *operation) for operation in operations), strict=True))
    assert import_spec.import_spec(addresses) == []
