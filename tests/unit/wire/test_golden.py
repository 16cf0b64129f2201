"""The golden files are what the code makes today, and what it reads."""

import json
from array import array
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from poolviz.wire.codec import NEVER, decode, unpack

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


def test_each_blob_decodes_to_its_numbers():
    blobs = sorted(GOLDEN.glob("*.bin"))
    assert len(blobs) >= 7
    for path in blobs:
        message = unpack(path.read_bytes())
        written = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        assert message.header == written["header"]
        read = {s: {c: [None if n == NEVER else n for n in v] for c, v in columns.items()} for s, columns in decode(message).items()}
        assert read == written["columns"]
        for columns in decode(message).values():
            assert all(isinstance(column, array) for column in columns.values())
