"""The forms: every filter of the command has one, with fields that its parsers accept."""

import pytest

from imfilter._cli.catalogue import FILTERS
from imfilter._cli.options import FORMS
from imfilter._play import forms, steps
from tests.looping import loop_over

FIELDS = [
    (filter_, option, field)
    for filter_ in FILTERS
    for option, field in zip(forms.shown_options(filter_), forms._form(filter_)["options"], strict=True)
]


def identity(value):
    return getattr(value, "name", "")


def test_every_filter_is_in_one_family():
    shown = [form["name"] for family in forms.families() for form in family["filters"]]
    assert sorted(shown) == sorted(filter_.name for filter_ in FILTERS)
    assert forms.families()[-1]["title"] != "Other"  # every kind has a family


@loop_over(("filter_", "option", "field"), FIELDS)
def test_a_field_suits_its_option(filter_, option, field):
    read = FORMS[option.form][1] if option.form in FORMS else str
    if field["widget"] == "slider":
        assert field["min"] < field["max"]
        assert 0 < field["step"] <= field["max"] - field["min"]
        for end in ("min", "max"):
            read(f"{field[end]:g}")
        if isinstance(option.default, int | float):
            assert field["min"] <= option.default <= field["max"]
    if field["widget"] == "choice":
        assert len(field["choices"]) > 1
        for word in field["choices"]:
            read(word)
        if option.default is not None:
            assert option.default in field["choices"]
    if field["widget"] == "text":
        assert option.form not in ("flag", "switch", "file")
    assert field["help"]
    if field["required"]:
        assert field["value"]


@loop_over("name", forms.RANGES)
def test_a_range_belongs_to_an_option(name):
    known = {option.name for _, option, _ in FIELDS}
    whole = {f"{filter_.name} {option.name}" for filter_, option, _ in FIELDS}
    assert name in known | whole | {"min_coverage"}


def test_words_of_options_of_text_are_found():
    fields = {(filter_.name, option.name): field for filter_, option, field in FIELDS}
    assert fields["canny", "nms"]["choices"] == ["sector", "interpolated"]
    assert fields["harris", "metric"]["choices"] == ["euclidean", "chebyshev"]
    assert "shrink" in fields["gaussian", "mode"]["choices"]
    assert "wrap" in fields["threshold", "mode"]["choices"]
    assert "otsu" in fields["threshold", "method"]["choices"]


@pytest.mark.parametrize(
    ("name", "texts", "told"),
    [
        ("gaussian", {"sigma": "x"}, "--sigma: 'x' is not a number"),
        ("sobel", {"normalize": "1"}, "--normalize must be true or false"),
        ("gaussian", {"quality": "1"}, "gaussian has no option 'quality'"),
        ("correlate", {}, "--kernel must be given"),
    ],
)
def test_a_wrong_text_is_told(name, texts, told):
    with pytest.raises(ValueError, match=told):
        steps.step(name, texts).values()
