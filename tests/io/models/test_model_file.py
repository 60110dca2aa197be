from __future__ import annotations

import io
import json
import os
import pickle
import zipfile
from dataclasses import asdict, fields, replace

import joblib
import numpy as np
import pytest
import skops.io
from sklearn.ensemble import RandomForestClassifier

from napari_cdse.core.classifier.forest import fit, predict_proba
from napari_cdse.core.classifier.tree_arrays import Forest
from napari_cdse.core.errors import ModelError
from napari_cdse.core.params import ForestParams
from napari_cdse.io.models import archive as archive_module
from napari_cdse.io.models.limits import LIMITS
from napari_cdse.io.models.model_file import (
    FORMAT,
    VERSION,
    load_model,
    model_bytes,
    model_from_bytes,
    save_model,
)
from napari_cdse.io.models.training_arrays import to_arrays
from tests.tables import drawn_set

PARAMS = ForestParams(trees=12)


@pytest.fixture(scope="module")
def model():
    return fit(drawn_set(), PARAMS, name="drawn", scores={"balanced_accuracy": 0.5})


@pytest.fixture(scope="module")
def data(model):
    return model_bytes(model)


def content(model, **changes):
    """Build what a model file holds, some parts of it changed."""
    told = {
        "format": FORMAT,
        "version": VERSION,
        "card": json.dumps(asdict(model.card)),
        "forest": {
            f.name: getattr(model.forest, f.name).copy() for f in fields(Forest)
        },
        "training": to_arrays(model.training),
    }
    return told | changes


def refused(data, sentence):
    with pytest.raises(ModelError, match=sentence) as caught:
        model_from_bytes(data, "m.skops")
    message = str(caught.value)
    assert message.startswith("m.skops")
    assert "\n" not in message


def test_written_and_read_a_model_is_the_same(model, tmp_path):
    path = tmp_path / "m.skops"
    save_model(model, path)
    again = load_model(path)
    assert again.card == model.card
    assert again.training.digest() == model.training.digest()
    table = drawn_set(seed=3).table
    assert np.array_equal(predict_proba(again, table), predict_proba(model, table))
    assert os.listdir(tmp_path) == ["m.skops"]


def test_the_same_model_gives_the_same_bytes(model, data):
    assert model_bytes(model) == data
    assert model_bytes(model_from_bytes(data)) == data


def test_a_model_without_its_table_can_be_kept(model):
    bare = model_from_bytes(model_bytes(replace(model, training=None)))
    assert bare.training is None
    assert bare.card == model.card


def test_what_earlier_versions_saved_as_format_1_is_read(model):
    told = content(model) | {"format": "napari-cdse model", "version": 1}
    again = model_from_bytes(skops.io.dumps(told))
    assert again.card == model.card


def test_skops_itself_trusts_every_type_in_it(data):
    assert skops.io.get_untrusted_types(data=data) == []


class Planted:
    """Leaves a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_pickles_are_refused_and_not_run(tmp_path, protocol):
    trap = tmp_path / "was here"
    (tmp_path / "m.skops").write_bytes(pickle.dumps(Planted(trap), protocol))
    with pytest.raises(ModelError, match="pickle" if protocol else "no model file"):
        load_model(tmp_path / "m.skops")
    assert not trap.exists()


@pytest.mark.parametrize(
    "compress", [0, ("zlib", 3), ("gzip", 3), ("bz2", 3), ("xz", 3)]
)
def test_joblib_files_are_refused_and_not_run(tmp_path, compress):
    trap = tmp_path / "was here"
    joblib.dump(Planted(trap), tmp_path / "m.skops", compress=compress)
    with pytest.raises(ModelError, match="pickle"):
        load_model(tmp_path / "m.skops")
    assert not trap.exists()


def test_pickled_arrays_inside_are_refused_and_not_run(tmp_path, data):
    trap = tmp_path / "was here"
    stream = io.BytesIO()
    np.save(stream, np.array([Planted(trap)], dtype=object), allow_pickle=True)
    refused(with_member(data, stream.getvalue()), "type object")
    assert not trap.exists()


def test_a_foreign_type_is_refused_by_name():
    refused(skops.io.dumps({"forest": Planted("x")}), "test_model_file.Planted")
    refused(skops.io.dumps({"call": os.path.join}), "join")


def test_not_even_a_real_scikit_learn_forest_is_built(monkeypatch):
    forest = RandomForestClassifier(2).fit(np.eye(4), [0, 1, 0, 1])
    data = skops.io.dumps({"format": FORMAT, "forest": forest})

    def built(*_, **__):
        raise AssertionError("loaded")

    monkeypatch.setattr(skops.io, "loads", built)
    refused(data, "RandomForestClassifier")


def test_object_arrays_are_refused():
    odd = np.array([1, "a"], dtype=object)
    refused(skops.io.dumps({"format": FORMAT, "forest": odd}), "numpy.ndarray")


@pytest.mark.parametrize(
    ("name", "index", "value", "sentence"),
    [
        ("left", 0, 2**31 - 1, "points outside"),
        ("right", 0, -9, "points outside"),
        ("feature", 0, 10**6, "does not exist"),
        ("threshold", 0, np.inf, "no number"),
        ("probability", (0, 0), -1.0, "share"),
    ],
)
def test_nodes_that_point_outside_are_refused(model, name, index, value, sentence):
    told = content(model)
    told["forest"][name][index] = value
    refused(skops.io.dumps(told), sentence)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"format": "something else"}, "no model of napari-cdse"),
        ({"version": 99}, "format 99.*update"),
        ({"card": "{}"}, "card has no id"),
        ({"card": "not json"}, "card cannot be read"),
        ({"card": "[1, 2]"}, "card cannot be read"),
        ({"forest": {}}, "part of its forest"),
        ({"forest": "text"}, "part of its forest"),
        ({"training": {"labels": np.zeros(3)}}, "training table"),
    ],
)
def test_parts_that_are_missing_or_odd_are_refused(model, changes, sentence):
    refused(skops.io.dumps(content(model, **changes)), sentence)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"feature_names": ("one",)}, "number of features"),
        ({"training_digest": "0" * 64}, "not the one its card names"),
    ],
)
def test_a_card_that_does_not_fit_is_refused(model, changes, sentence):
    card = replace(model.card, **changes)
    refused(model_bytes(replace(model, card=card)), sentence)


def test_a_card_of_other_features_than_its_table_is_refused(model):
    card = replace(model.card, feature_schema="origin/1")
    refused(model_bytes(replace(model, card=card)), "table differ in their features")


@pytest.mark.parametrize("training", [{}, "text", None, 5])
def test_whatever_is_no_table_stands_for_none(model, training):
    again = model_from_bytes(skops.io.dumps(content(model, training=training)))
    assert again.training is None
    assert again.card.name == "drawn"


def test_parts_are_numbered_compressed_and_bear_no_date(data, model):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
    *arrays, schema = [member.filename for member in members]
    assert schema == "schema.json"
    numbers = [int(name.removesuffix(".npy")) for name in arrays]
    assert numbers == sorted(set(numbers))
    assert 0 < numbers[0] < numbers[-1] < 64
    assert len(arrays) == len(fields(Forest)) + len(to_arrays(model.training))
    assert {member.date_time for member in members} == {(1980, 1, 1, 0, 0, 0)}
    assert {member.compress_type for member in members} == {zipfile.ZIP_DEFLATED}


def test_a_card_that_no_reader_would_take_is_not_written(model):
    card = replace(model.card, classes=("no", "yes", "null", "empty"))
    with pytest.raises(ModelError, match="classes are not yes, no, null, empty"):
        model_bytes(replace(model, card=card))


def test_features_of_another_version_are_named(model):
    card = replace(model.card, feature_schema="bragg/99")
    with pytest.raises(ModelError, match=r"bragg/99.*bragg/\d+.*retrain"):
        model_from_bytes(model_bytes(replace(model, card=card)))


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.9, 0.999])
def test_truncated_files_are_refused(data, share):
    with pytest.raises(ModelError):
        model_from_bytes(data[: int(share * len(data))])


def test_flipped_bytes_are_refused_or_harmless(data, model):
    rng = np.random.default_rng(0)
    for place in rng.integers(0, len(data), 60):
        odd = bytearray(data)
        odd[place] ^= 0x5A
        try:
            told = model_from_bytes(bytes(odd))
        except ModelError:
            continue
        assert told.training.digest() == model.training.digest()


@pytest.mark.parametrize("odd", [b"", b"PK", b"hello", b"\0" * 1000])
def test_other_files_are_refused(odd):
    with pytest.raises(ModelError):
        model_from_bytes(odd)


def with_member(data, array, name="9999.npy"):
    """Add a member to an archive."""
    stream = io.BytesIO(data)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, array)
    return stream.getvalue()


def changed_schema(data, change):
    """Write an archive anew, its schema changed in place."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        schema = json.loads(old.read("schema.json"))
        change(schema, new)
        for name in old.namelist():
            if name not in ("schema.json", *new.namelist()):
                new.writestr(name, old.read(name))
        new.writestr("schema.json", json.dumps(schema))
    return stream.getvalue()


def array_bytes(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def put_array(name, array_as_bytes, table="forest"):
    """Replace what stands behind one array's member, whatever it is called."""

    def change(schema, new):
        node = schema["content"][table]["content"][name]
        node["file"] = "notes.txt"
        new.writestr("notes.txt", array_as_bytes)

    return change


@pytest.mark.parametrize(
    ("name", "array", "sentence"),
    [
        ("left", np.array(0, np.int32), "no lists"),
        ("importance", np.array(0.5), "no lists"),
        ("probability", np.zeros(4, np.float32), "probability has shape"),
        ("left", np.zeros(3, np.complex128), "type complex128"),
        ("left", np.zeros(3, "S4"), r"type \|S4"),
        ("left", np.zeros(3, "i4,f8"), "several fields"),
    ],
)
def test_odd_arrays_are_refused_whatever_their_part_is_called(
    data, name, array, sentence
):
    refused(changed_schema(data, put_array(name, array_bytes(array))), sentence)


def header_only(descr, shape):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        stream, {"descr": descr, "fortran_order": False, "shape": shape}
    )
    return stream.getvalue()


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (header_only("<U0", (200_000_000,)), "entries of 0 bytes"),
        (header_only("<U100000000", (0,)), "entries of 400000000 bytes"),
        (header_only("<U4", (10**9, 10**9)), "not as large as it says"),
        (header_only("|O", (1,)), "type object"),
        (array_bytes(np.zeros(3))[:40], "no readable header"),
        (b"\x93NUMPY\x01\x00\xff\xff{'descr': __import__('os')}", "no readable header"),
    ],
)
def test_arrays_that_would_fill_the_memory_are_refused(data, array, sentence):
    change = put_array("names", array, "training")
    refused(changed_schema(data, change), sentence)


@pytest.mark.parametrize("code", [0x110000, 0xFFFFFFFF, 0xD800])
def test_text_of_characters_that_do_not_exist_is_refused(data, model, code):
    names = to_arrays(model.training)["names"].copy()
    names.view(np.uint32)[0] = code
    change = put_array("names", array_bytes(names), "training")
    refused(changed_schema(data, change), "characters that do not exist")


def test_parts_shared_over_and_over_are_refused(data):
    node = {"__loader__": "DictNode", "__module__": "builtins", "__class__": "dict"}
    leaf = {"__loader__": "JsonNode", "__module__": "builtins", "__class__": "str"}

    def change(schema, _):
        shared = {**leaf, "content": "1", "is_json": True, "__id__": 900}
        for number in range(40):
            shared = {**node, "content": {"a": shared, "b": {**leaf, "__id__": number}}}
        schema["content"]["forest"] = shared

    refused(changed_schema(data, change), "parts do not fit together")

    def twice(schema, _):
        forest = schema["content"]["forest"]["content"]
        forest["right"] = forest["left"]

    refused(changed_schema(data, twice), "parts do not fit together")


def test_a_schema_too_long_is_refused_unread(data):
    def change(schema, _):
        schema["content"]["more"] = [[]] * 600_000

    refused(changed_schema(data, change), "schema is too long")


def test_a_part_named_twice_is_refused(data):
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = with_member(data, array_bytes(np.zeros(3)), "schema.json")
    refused(twice, "names a part twice")


def test_a_directory_with_any_byte_changed_is_refused_or_harmless(data, model):
    start = data.index(b"PK\x01\x02")
    for place in range(start, len(data), 3):
        odd = bytearray(data)
        odd[place] ^= 0xFF
        try:
            told = model_from_bytes(bytes(odd))
        except ModelError:
            continue
        assert told.card == model.card


def test_a_forest_under_another_ones_id_and_name_gets_its_own(model):
    other = fit(drawn_set(seed=5), PARAMS, name="other")
    for card in (
        replace(other.card, id=model.card.id, name=model.card.name),
        # Everything that an id once followed from, only the trees are others.
        model.card,
    ):
        told = model_from_bytes(
            model_bytes(replace(model, card=card, forest=other.forest, training=None))
        )
        assert told.stated_id == model.card.id
        assert told.card.id not in (model.card.id, "")
    assert model_from_bytes(model_bytes(model)).card.id == model.card.id


def test_a_zip_bomb_is_refused_unopened(data, monkeypatch):
    small = replace(LIMITS, unpacked_bytes=4 * 2**20)
    monkeypatch.setattr(archive_module, "LIMITS", small)
    bomb = with_member(data, bytes(8 * 2**20), "zeros.bin")
    assert len(bomb) < len(data) + 2**16
    refused(bomb, "would unpack to")


def test_too_many_parts_are_refused(data):
    for number in range(80):
        data = with_member(data, b"", f"{number}.bin")
    refused(data, "parts")


def test_an_array_that_claims_more_than_it_holds_is_refused(data):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        stream, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)}
    )
    refused(with_member(data, stream.getvalue()), "not as large as it says")


def test_a_schema_nested_beyond_reason_is_refused(data):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("schema.json", '{"content":' * 50000 + "0" + "}" * 50000)
    refused(stream.getvalue(), "schema")
    node = {"__loader__": "DictNode", "__module__": "builtins", "__class__": "dict"}
    schema = json.dumps("x")
    for _ in range(900):
        schema = json.dumps(node)[:-1] + f', "content": {{"a": {schema}}}}}'
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("schema.json", schema)
    refused(stream.getvalue(), "damaged")


def test_a_folder_and_a_missing_file_are_told(tmp_path):
    for path in (tmp_path, tmp_path / "none.skops"):
        with pytest.raises(ModelError):
            load_model(path)
