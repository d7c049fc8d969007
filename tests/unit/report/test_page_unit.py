"""One unit on the page: its strongest weights, clusters at every k, and responses to images."""

from __future__ import annotations

import json
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from browser import open_file, running_browser, watched_page
from builders import make_images
from clusterability.jobs.probing_job import ProbingJob
from clusterability.networks.partitions import Partitions
from clusterability.networks.stacked import Networks, load_networks, save_networks
from clusterability.report.page import page_data, unit_responses
from clusterability.report.page.network_arrays import colour_limit
from clusterability.report.page.packing import Array, rounded
from clusterability.report.page.page import BUDGET, make_data, make_page
from clusterability.report.page.unit_responses import NEVER, STRONGEST, response_arrays, shades
from clusterability.results.npz_files import load_items
from clusterability.training.recipe import Recipe
from page_study import JOB, number_in, picture, wait, write_study
from project import LIBRARY

SIZES = (784, 9, 10)
ASKED = ProbingJob(
    dataset="mnist",
    examples=Recipe().examples,
    groups=9,
    images=60,
    k=[2],
    test_images=None,
    train_images=None,
)
SHOWN = dict.fromkeys(["untrained", "trained"], ASKED)


@pytest.fixture
def networks(tmp_path, monkeypatch) -> Path:
    """Two networks that take the images of a small data set; unit 4 is never active."""
    source = np.random.default_rng(3)
    weights = {
        f"fc{layer}": source.normal(size=(2, out, inside)).astype(np.float32)
        for layer, (inside, out) in enumerate(pairwise(SIZES), start=1)
    }
    biases = {"fc1": source.normal(size=(2, SIZES[1])).astype(np.float32)}
    weights["fc1"][0, 4], biases["fc1"][0, 4] = 0, -1
    file = tmp_path / "networks" / "trained" / "0-1.safetensors"
    save_networks(file, Networks("trained", (0, 1), {}, weights, biases))
    monkeypatch.setattr(unit_responses, "_images", lambda *_: make_images())
    return file


def test_responses_are_those_of_the_network_in_pytorch(networks):
    found = response_arrays(networks, ["fc1"], Path("mnist"), ASKED)
    arrays = {array.name: array.numbers for array in found["responses"]}
    (pixels,) = found["images"]
    assert pixels.numbers.shape == (60, 784)
    assert (pixels.numbers.min(), pixels.numbers.max()) == (0, 14)

    block, mnist = load_networks(networks), make_images()
    inputs = (mnist.test_images / 255 - 0.1307) / 0.3081
    # The same images in the same order, as their shades tell.
    shown = [int(np.abs(shades(inputs) - image).sum(axis=1).argmin()) for image in pixels.numbers]
    assert len(set(shown)) == 60
    layer = torch.nn.Linear(784, 9)
    layer.weight.data = torch.from_numpy(block.weights["fc1"][0])
    layer.bias.data = torch.from_numpy(block.biases["fc1"][0])
    images = torch.from_numpy(inputs[shown]).float()
    activations = torch.relu(layer(images)).detach().numpy()
    frame = pd.DataFrame(activations).groupby(mnist.test_labels[shown]).mean()
    expected = frame.reindex(range(10)).to_numpy().T
    np.testing.assert_allclose(arrays["fc1/by_class"], expected, rtol=3e-3, atol=1e-5)
    for unit in range(9):
        order = np.argsort(-activations[:, unit], kind="stable")[:STRONGEST]
        active = [image for image in order if activations[image, unit] > 0]
        assert arrays["fc1/strongest"][unit].tolist() == active + [NEVER] * (10 - len(active))
    assert (arrays["fc1/strongest"][4] == NEVER).all()


def test_networks_that_take_other_inputs_have_none(tmp_path):
    file = tmp_path / "networks" / "other" / "0.safetensors"
    weights = {"fc1": np.ones((1, 3, 20), np.float32), "fc2": np.ones((1, 2, 3), np.float32)}
    save_networks(file, Networks("other", (0,), {}, weights))
    assert response_arrays(file, ["fc1"], Path("mnist"), ASKED) == {}


def test_the_strongest_weights_against_numpy():
    node = shutil.which("node")
    if node is None:
        pytest.skip("found no node: the module is tested in a browser alone")
    module = (LIBRARY / "report" / "page" / "web" / "strongest.mjs").as_uri()
    levels = np.random.default_rng(0).integers(0, 15, (6, 8))
    levels[2, 3] = 15  # no number
    script = f"""
import {{strongest}} from {json.dumps(module)};
const levels = {json.dumps(levels.ravel().tolist())};
console.log(JSON.stringify([["u", 2], ["v", 3]].map(([side, unit]) =>
  strongest(levels, {{m: 6, n: 8}}, side, unit, 7, 4))));
"""
    command = [node, "--input-type=module", "-e", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    for found, line in zip(json.loads(done.stdout), (levels[2], levels[:, 3]), strict=True):
        sizes = np.where(line == 15, 0, np.abs(line - 7))
        expected = [unit for unit in np.argsort(-sizes, kind="stable") if sizes[unit]][:4]
        assert [each["unit"] for each in found] == expected
        assert [each["level"] for each in found] == [int(line[unit]) - 7 for unit in expected]


# --- in a browser -------------------------------------------------------------------------------

IMAGES = 12


def invented(*_: Any) -> dict[str, list[Array]]:
    """Responses of the 12 hidden units of the study; unit 5 has three images."""
    source = np.random.default_rng(7)
    strongest = np.argsort(source.random((12, IMAGES)), axis=1)[:, :STRONGEST].astype(np.uint16)
    strongest[5, 3:] = NEVER
    by_class = rounded(source.random((12, 10)), 8)
    pixels = source.integers(0, 15, (IMAGES, 784))
    return {
        "responses": [
            Array("fc1/strongest", "uint16", strongest),
            Array("fc1/by_class", "float32", by_class),
        ],
        "images": [Array("pixels", "nibbles", pixels)],
    }


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Any]:
    return write_study(tmp_path_factory.mktemp("study"))


@pytest.fixture
def with_responses(files, monkeypatch) -> dict[str, Any]:
    monkeypatch.setattr(page_data, "response_arrays", invented)
    return {**files, "mnist": ["mnist/images"]}


def test_the_same_images_are_on_the_page_once(with_responses):
    first, second = make_data(with_responses, JOB, BUDGET, shown=SHOWN)["conditions"]
    assert set(first["beside"]["images"]) == {"data", "layout"}
    assert second["beside"]["images"]["of"] == "untrained"


@pytest.fixture(scope="module")
def browser():
    with running_browser() as found:
        yield found


@pytest.fixture
def page_file(with_responses, tmp_path) -> Path:
    file = tmp_path / "explore.html"
    file.write_bytes(make_page(with_responses, JOB, shown=SHOWN))
    return file


@pytest.fixture
def page(browser, page_file):
    with watched_page(browser) as found:
        open_file(found, page_file, "#condition=trained&seed=0&layer=fc1&method=matched&k=3")
        wait(found)
        yield found


def shown_weights(page, side: str) -> dict[int, float]:
    found = {}
    for row in page.locator(f"[data-weights={side}] tbody tr").all():
        text = row.locator("td").first.inner_text()
        found[int(row.get_attribute("data-unit"))] = number_in(text.lstrip("≥≤ "))
    return found


def labels_at_all_k(files, layer: str, side: str, unit: int) -> list[str]:
    items: dict[tuple[str, int], Partitions] = {}
    for file in files["partitions"]:
        if f"/trained/0-1/{layer}/" in file:
            items |= load_items(Path(file), Partitions)
    return [str(getattr(items["matched", k], side)[0, unit]) for k in JOB.k]


@pytest.mark.browser
def test_a_click_on_a_row_shows_what_is_known_of_its_unit(page, files):
    page.locator("#order").check()
    wait(page)
    box = page.locator("#matrix").bounding_box()
    row = (box["height"] - 18) / 12
    page.locator("#matrix").click(position={"x": 60, "y": 18 + 5.5 * row})
    wait(page)
    assert page.locator("#unit").input_value() == "5"
    title = page.locator("#unit-title").inner_text()
    assert title == "One unit: unit 5, output of fc1 and input of fc2"
    assert "side=u&unit=5" in page.url

    block = load_networks(Path(files["weights"][2]))
    for side, line, layer in (
        ("u", block.weights["fc1"][0, 5], "fc1"),
        ("v", block.weights["fc2"][0, :, 5], "fc2"),
    ):
        limit = colour_limit(block.weights[layer][0])
        sizes, shown = np.minimum(np.abs(line), limit), shown_weights(page, side)
        # A weight in the step around zero is not named.
        assert len(shown) == min(10, (np.abs(line) >= limit / 14).sum())
        others = np.delete(sizes, list(shown))
        # To a step of the colours.
        assert others.max(initial=0) <= sizes[list(shown)].min() + limit / 7
        for unit, told in shown.items():
            assert told == pytest.approx(np.clip(line[unit], -limit, limit), abs=limit / 13)

    table = page.locator("#unit-clusters-table tbody tr").all()
    for line, layer, side in zip(table, ("fc1", "fc2"), ("rows", "columns"), strict=True):
        cells = [cell.strip() for cell in line.locator("td").all_inner_texts()]
        assert cells == labels_at_all_k(files, layer, side, 5)


@pytest.mark.browser
def test_a_hidden_unit_has_its_images_and_means_by_class(page):
    page.goto(page.url.split("#")[0] + "#condition=trained&seed=0&layer=fc1&side=u&unit=5")
    page.wait_for_selector("#unit-classes-table")
    made = invented()
    arrays = {array.name: array.numbers for array in made["responses"]}
    means = page.locator("#unit-classes-table td").all_inner_texts()
    expected = arrays["fc1/by_class"][5]
    assert [number_in(text) for text in means] == pytest.approx(expected, rel=3e-3)
    assert "The 3 of 12 images" in page.locator("#unit-images-note").inner_text()
    pixels = made["images"][0].numbers
    seen = picture(page, "unit-images")[1::2, 1::2]
    for place, image in enumerate(arrays["fc1/strongest"][5, :3]):
        grey = np.rint(255 * pixels[image].reshape(28, 28) / 14)
        assert (np.abs(seen[:, 29 * place : 29 * place + 28, 0] - grey) <= 1).all()


@pytest.mark.browser
def test_a_pixel_and_the_keyboard(page):
    page.select_option("#side", "v")
    page.locator("#unit").focus()
    page.keyboard.type("29")
    wait(page)
    assert page.locator("#unit-title").inner_text() == "One unit: pixel 2, 2, input of fc1"
    assert page.locator("#unit-responses").is_hidden()
    assert "hidden units" in page.locator("#unit-responses-note").inner_text()
    assert page.locator("[data-weights=u]").count() == 0
    assert page.locator("[data-weights=v] tbody tr").count() > 0
    page.locator("#unit").fill("784")  # one more than there is
    wait(page)
    assert page.locator("#unit-body").is_hidden()


@pytest.mark.browser
def test_of_other_seeds_it_is_said_where_responses_are(page):
    page.goto(page.url.split("#")[0] + "#condition=trained&seed=1&layer=fc1&side=u&unit=3")
    page.wait_for_selector("#unit-responses-note button")
    page.locator("#unit-responses-note button").click()
    wait(page)
    assert page.locator("#seed").input_value() == "0"
    assert page.locator("#unit-responses").is_visible()


@pytest.mark.browser
def test_one_unit_fits_a_narrow_page(browser, page_file):
    with watched_page(browser) as found:
        found.set_viewport_size({"width": 375, "height": 700})
        open_file(found, page_file, "#condition=trained&seed=0&layer=fc1&side=u&unit=5")
        wait(found)
        assert found.evaluate("document.documentElement.scrollWidth") <= 375
