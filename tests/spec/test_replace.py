"""An import that is cut short while it replaces files puts every old one back."""

import pytest


@pytest.fixture
def import_spec(scripts):
    return scripts["import_spec"]


def test_all_old_files_are_back_when_one_new_file_is_missing(import_spec, tmp_path):
    staged, package, spec, vendor = (tmp_path / name for name in ("staged", "package", "openapi.yaml", "vendor.yaml"))
    (staged / "package").mkdir(parents=True)
    (staged / "package" / "new.py").touch()
    (staged / "openapi.yaml").write_text("new")
    package.mkdir()
    (package / "old.py").touch()
    spec.write_text("old")
    vendor.write_text("old")
    moves = {staged / "package": package, staged / "openapi.yaml": spec, staged / "missing": vendor}
    with pytest.raises(FileNotFoundError):
        import_spec.replace_all(moves, staged)
    assert [file.name for file in package.iterdir()] == ["old.py"]
    assert [spec.read_text(), vendor.read_text()] == ["old", "old"]
