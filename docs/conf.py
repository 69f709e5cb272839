"""How the documentation is built: `make docs` writes it into build/docs."""

from importlib.metadata import version as version_of

project = "elevenlabs-history"
author = "The elevenlabs-history authors"
release = version = version_of(project)

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
exclude_patterns = ["sample_project"]
html_theme = "furo"
html_title = f"{project} {release}"
html_baseurl = ""

myst_heading_anchors = 3
nitpicky = True
nitpick_ignore_regex = [
    # What is not on this site: other libraries, the generated client and what is private.
    ("py:.*", r"(attrs|collections|concurrent|datetime|enum|httpx|os|pathlib|starlette|typing|zoneinfo)\..*"),
    ("py:.*", r"(elevenlabs_history_probe\.session\.)?(Position|Session|Status)"),
    ("py:.*", r"elevenlabs_history_api\..*"),
    ("py:.*", r"elevenlabs_history(_backup|_simulator)?\.(.*\.)?_.*"),
]

# A name in a docstring is code, as in Markdown.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_default_options = {"members": True, "inherited-members": "Exception,str,object", "show-inheritance": False}
