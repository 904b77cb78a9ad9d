"""The web page: its files, and its behavior in a headless Chromium."""

import re
from importlib.resources import files

import numpy as np
import pytest
from selenium.webdriver import ActionChains, Keys

from lrcn_seq.serving.service import ServiceLimits
from lrcn_seq.serving.web_page import ASSETS
from tests.serving.browser import open_page
from tests.serving.loopback import local_server

WEB = files("lrcn_seq.serving") / "web"


@pytest.fixture
def picture(tmp_path, image):
    """Return the path of an image whose name looks like HTML."""
    path = tmp_path / "<img src=x onerror=alert(1)>.png"
    path.write_bytes(image)
    return path


def test_files_of_the_page_are_served_with_a_security_policy(caption_server):
    """All files have their media type, and a policy that allows only files of the server."""
    _, client = caption_server
    for route, (name, kind) in ASSETS.items():
        answer = client.get(route)
        assert answer.content == (WEB / name).read_bytes()
        assert answer.headers["Content-Type"] == f"{kind}; charset=utf-8"
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self';" in policy
        assert "unsafe" not in policy
        assert "*" not in policy


def test_page_has_no_inline_code_and_no_other_host():
    """Scripts and styles are files, no HTML is made from text, and no other host is named."""
    page, script, style = ((WEB / f"page.{kind}").read_text() for kind in ("html", "js", "css"))
    assert not re.search(r"<script(?![^>]* src=)|<style|style=|\son\w+=|javascript:", page)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", script)
    hosts = re.findall(r"https?://[^\"'\s]+", page + script + style)
    assert hosts == ["http://www.w3.org/2000/svg"]


def test_an_image_is_captioned_in_the_browser(caption_server, picture):
    """The captions of a file are listed with the file name as text, and nothing is blocked."""
    _, client = caption_server
    expected = client.post(
        "/v1/predict?beams=5&best=5", files={"file": picture.read_bytes()}
    ).json()["results"][0]["captions"]
    with open_page(client.base_url) as page:
        assert page.text("title") == "Caption an image"
        page.send(picture)
        texts = [element.text for element in page.find(".choice .text")]
        assert texts == [caption["text"] for caption in expected]
        assert page.text("result-title") == f"Result for {picture.name}"
        assert page.errors() == []


@pytest.fixture(scope="module")
def captioned(caption_server, image, tmp_path_factory):
    """Return the page of the captioning run with the result of an image and its explanation."""
    path = tmp_path_factory.mktemp("page") / "shapes.png"
    path.write_bytes(image)
    with open_page(caption_server[1].base_url) as page:
        page.send(path)
        page.wait("document.querySelectorAll('.word').length")
        yield page


@pytest.mark.slow
def test_overlay_follows_the_pointer(captioned):
    """The overlay belongs to the word under the pointer, and disappears with it."""
    first, second = captioned.find(".word")[:2]
    for word, index in ((first, 0), (second, 1)):
        ActionChains(captioned.driver).move_to_element(word).perform()
        captioned.wait("document.querySelectorAll('#stage .layer').length == 1")
        source = captioned.run("[...document.querySelectorAll('.layer img')].pop().src")
        assert source == captioned.run(f"state.explanation.overlays[{index}][0]")
        assert f"“{word.text}”: most weight at the " in captioned.text("looked")
    ActionChains(captioned.driver).move_to_element(captioned.find("h1")[0]).perform()
    captioned.wait("document.querySelectorAll('#stage .layer').length == 0")


@pytest.mark.slow
def test_words_are_reached_with_the_keyboard(captioned):
    """The words are one stop of Tab; arrow keys move the focus, and the overlay follows it."""
    choices, words = captioned.find(".choice"), captioned.find(".word")
    captioned.driver.execute_script("arguments[0].focus()", choices[-1])
    ActionChains(captioned.driver).send_keys(Keys.TAB).perform()
    assert captioned.driver.switch_to.active_element == words[0]
    ActionChains(captioned.driver).send_keys(Keys.ARROW_RIGHT).perform()
    assert captioned.driver.switch_to.active_element == words[1]
    assert "active" in words[1].get_attribute("class")
    ActionChains(captioned.driver).send_keys(Keys.END).perform()
    assert captioned.driver.switch_to.active_element == words[-1]


@pytest.mark.slow
def test_another_sentence_is_explained(captioned):
    """A click on another sentence explains it, and marks it as the chosen one."""
    choice = captioned.find(".choice")[1]
    text = choice.find_element("class name", "text").text
    choice.click()
    captioned.wait(f"state.explanation && state.explanation.text == {text!r}")
    assert [one.get_attribute("aria-pressed") for one in captioned.find(".choice")][:2] == [
        "false",
        "true",
    ]
    assert [word.text for word in captioned.find(".word")] == text.split()


@pytest.mark.slow
def test_page_can_be_used_with_a_screen_reader(captioned):
    """Every control and image has a name, the result has the focus, and changes are announced."""
    names = captioned.run(
        "[...document.querySelectorAll('button, input, video, #stage img')].map("
        "(node) => [node.id || node.className || node.tagName, (node.textContent.trim() || "
        "node.getAttribute('aria-label') || node.alt || (node.labels && node.labels.length "
        "&& node.labels[0].textContent)) ? true : false])"
    )
    assert len(names) > 5
    assert [name for name, named in names if not named] == []
    assert captioned.run("document.documentElement.lang") == "en"
    assert captioned.run("byId('status').getAttribute('role')") == "status"
    assert captioned.run("byId('problem').getAttribute('role')") == "alert"
    headings = captioned.run("[...document.querySelectorAll('h1, h2, h3')].map((h) => h.tagName)")
    assert headings[0] == "H1"
    assert headings[1:] == sorted(headings[1:])


@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True])
def test_narrow_window_and_contrast(caption_server, picture, dark):
    """Nothing is cut off at the width of a phone, and texts have a contrast of at least 4.5."""
    with open_page(caption_server[1].base_url, width=500, dark=dark) as page:
        page.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": 320, "height": 700, "deviceScaleFactor": 1, "mobile": False},
        )
        page.send(picture)
        page.wait("document.querySelectorAll('.word').length")
        assert page.run("document.documentElement.scrollWidth") <= 320
        colors = page.run(
            "['--paper', '--tint', '--ink', '--soft', '--accent', '--on-accent'].map((name) => "
            "getComputedStyle(document.documentElement).getPropertyValue(name).trim())"
        )
    paper, tint, ink, soft, accent, on_accent = map(luminance, colors)
    assert (paper < 0.2) == dark
    pairs = [(ink, paper), (ink, tint), (soft, paper), (soft, tint), (on_accent, accent)]
    assert min(contrast(*pair) for pair in pairs) >= 4.5


@pytest.mark.slow
def test_a_file_that_cannot_be_read_is_explained(caption_server, tmp_path):
    """The sentence of the server is shown as an alert, and the next file is predicted."""
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "large.png").write_bytes(bytes(2 << 20))
    with open_page(caption_server[1].base_url) as page:
        page.send(tmp_path / "text.png")
        assert "text.png: expected an image" in page.text("message")
        assert not page.is_shown("retry")
        page.send(tmp_path / "large.png")
        assert "Expected at most 1048576 bytes." in page.text("message")


@pytest.mark.slow
def test_a_full_queue_can_be_tried_again(caption_server, picture, monkeypatch):
    """If the queue is full, the page says so, and the file can be sent again."""
    service, client = caption_server
    with open_page(client.base_url) as page:
        with service.batcher.admit(service.batcher.places):
            page.send(picture)
            assert "The queue is full" in page.text("message")
        page.driver.find_element("id", "retry").click()
        page.wait("!byId('result').hidden")
        assert not page.is_shown("problem")


@pytest.mark.slow
def test_dropped_and_pasted_files(caption_server):
    """A dropped and a pasted file are predicted; a dropped address is refused with a sentence."""
    event = (
        "(() => { const data = new DataTransfer(); FILL; "
        "const event = new EVENT('KIND', {bubbles: true, cancelable: true, NAME: data}); "
        "document.body.dispatchEvent(event); return true; })()"
    )
    canvas = (
        "const canvas = document.createElement('canvas'); const bytes = "
        "Uint8Array.from(atob(canvas.toDataURL('image/png').split(',')[1]), (c) => "
        "c.charCodeAt(0)); data.items.add(new File([bytes], 'KIND.png', {type: 'image/png'}))"
    )
    kinds = {
        "drop": ("DragEvent", "dataTransfer"),
        "paste": ("ClipboardEvent", "clipboardData"),
    }
    with open_page(caption_server[1].base_url) as page:
        for kind, (constructor, name) in kinds.items():
            script = event.replace("EVENT", constructor).replace("NAME", name)
            page.run(script.replace("FILL", canvas).replace("KIND", kind))
            page.wait(f"byId('result-title').textContent == 'Result for {kind}.png'")
        script = script.replace("FILL", "data.setData('text/plain', 'http://x')")
        page.run(script.replace("KIND", "paste"))
        assert "addresses are not loaded" in page.text("message")


@pytest.mark.slow
def test_a_picture_of_the_camera_is_captioned(caption_server):
    """The camera of the browser gives an image; afterwards, the camera is off."""
    with open_page(caption_server[1].base_url) as page:
        page.driver.find_element("id", "camera").click()
        page.wait("!byId('viewfinder').hidden && byId('live').videoWidth")
        page.driver.find_element("id", "take").click()
        page.wait("!byId('result').hidden")
        assert page.text("result-title") == "Result for camera.jpg"
        assert page.run("state.stream === null")


@pytest.mark.slow
def test_labels_over_time(activity_run, clip):
    """A clip has a line per label, the intervals of the best label, and a time to choose."""
    with (
        local_server(activity_run, ServiceLimits(max_batch=1)) as (_, client),
        open_page(client.base_url) as page,
    ):
        content = client.post(
            "/v1/predict?top=5&per_frame=true", files={"file": clip.read_bytes()}
        ).json()
        page.send(clip)
        page.wait("!byId('timeline').hidden")
        (row,), classes = content["results"], content["classes"]
        assert len(page.find("#chart polyline")) == len(row["labels"])
        best = [classes[int(np.argmax(frame))] for frame in row["frames"]]
        changes = 1 + sum(one != other for one, other in zip(best, best[1:], strict=False))
        assert len(page.find("#segments li")) == changes
        page.driver.find_element("id", "moment").send_keys(Keys.END)
        assert page.text("reading").startswith(f"{row['times'][-1]:.1f} s: {best[-1]} ")
        page.wait("document.querySelectorAll('#strip img').length")
        assert page.errors() == []


def luminance(color):
    """Return the relative luminance of a color such as #fdfcf9 (WCAG 2.2)."""
    digits = color[1:] if len(color) == 7 else "".join(2 * digit for digit in color[1:])
    channels = np.array([int(digits[i : i + 2], 16) for i in (0, 2, 4)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one, other):
    """Return the contrast of two luminances (WCAG 2.2)."""
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)
