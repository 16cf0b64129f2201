"""The golden files are what the code makes today, and what it reads."""

import json
from array import array
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from poolviz.wire.codec import NEVER, decode, schema, unpack

GOLDEN = Path(__file__).parents[2] / "golden"


@pytest.fixture(scope="module")
def made():
    spec = spec_from_file_location("golden_make", GOLDEN / "make.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return dict(module.files())


def test_the_files_are_up_to_date(made):
    on_disk = {path.name: path.read_bytes() for path in GOLDEN.iterdir() if path.suffix in {".bin", ".json"}}
    assert on_disk.keys() == made.keys()
    for name, content in made.items():
        assert on_disk[name] == content, f"{name} differs: if the change of the wire is meant, run `python tests/golden/make.py`"


VERSIONS = {schema()["version"]: GOLDEN} | {int(folder.name[1:]): folder for folder in GOLDEN.glob("v[0-9]*")}


def test_there_is_a_fixture_for_each_version_that_is_read():
    assert VERSIONS.keys() == set(range(schema()["oldest_read"], schema()["version"] + 1))
    history = (GOLDEN.parents[1] / "docs" / "explanation" / "wire.md").read_text(encoding="utf-8")
    for version in range(1, schema()["version"] + 1):
        assert f"\n| {version} | " in history, "the history of versions says what is new in each"


@pytest.mark.parametrize("version", VERSIONS)
def test_each_blob_decodes_to_its_numbers(version):
    blobs = sorted(VERSIONS[version].glob("*.bin"))
    assert len(blobs) >= 7
    for path in blobs:
        message = unpack(path.read_bytes())
        written = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        assert message.header == written["header"]
        assert message.header["v"] == version
        read = {s: {c: [None if n == NEVER else n for n in v] for c, v in columns.items()} for s, columns in decode(message).items()}
        # What came with later versions is nothing; the numbers that were written stay what they were.
        assert read.keys() == written["columns"].keys()
        for section, columns in written["columns"].items():
            assert {name: read[section][name] for name in columns} == columns
        for columns in decode(message).values():
            assert all(isinstance(column, array) for column in columns.values())
