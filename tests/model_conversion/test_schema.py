"""A schema is read whole or refused with the place and the fix."""

from pathlib import Path

import pytest

from model_conversion.errors import InputError
from model_conversion.schema import Candidate, load_schema

FEATURE = '[[features]]\nname = "a"\nkind = "number"\n'


def refuse(tmp_path: Path, text: str) -> str:
    """Return the message with which a schema is refused."""
    path = tmp_path / "schema.toml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load_schema(path)
    return str(caught.value)


def test_the_examples_schema_reads(root: Path) -> None:
    """Ten features in training order, with candidates on those a person can change."""
    schema = load_schema(root / "model/schema.toml")
    assert schema.name == "sleep"
    assert len(schema.features) == 10
    assert schema.target.better == "higher"
    changeable = {feature.name for feature in schema.features if feature.what_ifs}
    assert changeable.isdisjoint({"age", "gender", "grade", "height", "weight"})


def test_the_least_schema_needs_names_and_kinds_only(tmp_path: Path) -> None:
    """The file's name serves where the model has none."""
    path = tmp_path / "house-price.toml"
    path.write_text(FEATURE)
    schema = load_schema(path)
    assert schema.name == "house-price"
    assert [feature.kind for feature in schema.features] == ["number"]


def test_a_what_if_starts_from_values_or_a_range(tmp_path: Path) -> None:
    """Both forms are read as written."""
    path = tmp_path / "schema.toml"
    path.write_text(
        FEATURE
        + '[[features.what_ifs]]\nlow = 0\nhigh = 2\nto = 5\ntext = "t"\n'
        + '[[features.what_ifs]]\nvalues = [1]\nto = 2\ntext = "u"\n'
    )
    (feature,) = load_schema(path).features
    assert feature.what_ifs == (
        Candidate(low=0, high=2, to=5, text="t"),
        Candidate(values=(1,), to=2, text="u"),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["no [[features]]"]),
        ("a = ", ["not TOML"]),
        ("[modle]\n" + FEATURE, ["unknown key 'modle'", "model"]),
        ('[model]\nname = "Sleep!"\n' + FEATURE, ["'Sleep!'", "lower-case"]),
        ('[[features]]\nkind = "number"\n', ["number 1", "name is missing"]),
        ('[[features]]\nname = "a"\nkind = "float"\n', ["kind is 'float'", "number, integer"]),
        (FEATURE + "nullable = 1\n", ["nullable is 1", "bool"]),
        (FEATURE + 'minimum = "x"\n', ["minimum is 'x'", "float"]),
        (FEATURE + 'outside = "drop"\n', ["outside is 'drop'", "'reject' or 'warn'"]),
        (FEATURE + "unti = 1\n", ["unknown key 'unti'", "unit"]),
        (FEATURE + FEATURE, ["features ['a'] twice"]),
        ('[[features]]\nname = "a"\nkind = "category"\nnullable = true\n', ["needs either null_token"]),
        ('[[features]]\nname = "a"\nkind = "category"\ncategories = [1]\n', ["categories are [1]"]),
        (FEATURE + '[[features.what_ifs]]\nto = 1\ntext = ""\n', ["either values"]),
        (FEATURE + '[[features.what_ifs]]\nlow = 1\nto = 1\ntext = ""\n', ["low and high"]),
        ('[target]\nbetter = "more"\n' + FEATURE, ["better is 'more'"]),
        (
            '[target]\npositive = 2\nclasses = [{ value = 0, name = "n" }]\n' + FEATURE,
            ["positive is 2", "[0]"],
        ),
    ],
)
def test_a_wrong_schema_is_refused_with_the_place(tmp_path: Path, text: str, words: list[str]) -> None:
    """The message has the value seen and what was wanted."""
    message = refuse(tmp_path, text)
    assert [word for word in words if word not in message] == []


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The message has the path."""
    with pytest.raises(InputError, match=r"cannot read .*nowhere\.toml"):
        load_schema(tmp_path / "nowhere.toml")
