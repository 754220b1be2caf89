"""Price lists: read whole, refused when malformed."""

import shutil
from pathlib import Path

import pytest

from infra import prices as module
from infra.prices import PRICE_LISTS, PriceError, load_prices, nearest_prices


def test_every_list_is_read_and_names_its_sources() -> None:
    """Each group says where its prices come from and how they were seen."""
    for path in PRICE_LISTS.glob("*.toml"):
        prices = load_prices(path.stem)
        assert prices.region == path.stem
        for group in (
            prices.functions,
            prices.http_api,
            prices.logs,
            prices.metrics,
            prices.key,
            prices.topic,
        ):
            assert group.source.startswith("https://aws.amazon.com/")
            assert group.seen


def test_a_region_without_a_list_is_named_with_what_to_do() -> None:
    """And an estimate takes the example's, which it can name."""
    with pytest.raises(
        PriceError, match=r"no price list for region 'us-west-9', wanted one of .*eu-central-1"
    ):
        load_prices("us-west-9")
    assert nearest_prices("us-west-9").region == "eu-central-1"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("request = 0.0000002", "request = -1", "request is -1, wanted at least 0"),
        ("request = 0.0000002", 'request = "free"', "request is 'free', wanted a number"),
        ("key = 1.00", "", "'key'"),
        ("key = 1.00", "key = 1.00\nextra = 2", "extra: unknown"),
        ("[key]", "[key", "malformed"),
    ],
)
def test_malformed_lists_are_refused(
    old: str, new: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the value and what was wanted."""
    shutil.copytree(PRICE_LISTS, tmp_path / "lists")
    path = tmp_path / "lists" / "eu-central-1.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    monkeypatch.setattr(module, "PRICE_LISTS", tmp_path / "lists")

    with pytest.raises(PriceError) as refused:
        load_prices("eu-central-1")
    assert told in str(refused.value)
