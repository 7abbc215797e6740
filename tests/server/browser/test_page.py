"""The page itself: what it says, how it looks, and that anyone can use it."""

from __future__ import annotations

import re

import pytest

from .steps import MEDIA, bring, pictures_read, until

# The contrast of every text on show against the grounds below it (a half-clear one counts as it mixes).
CONTRAST = """() => {
  const numbers = (text) => {
    const found = text.match(/[\\d.]+/g).map(Number);
    const scale = text.startsWith('color(') ? 255 : 1;
    return [found[0] * scale, found[1] * scale, found[2] * scale, found[3] ?? 1];
  };
  const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3]));
  const light = (rgb) => {
    const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = rgb.map((v) => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const groundOf = (node) => {
    const layers = [];
    for (let at = node; at; at = at.parentElement) {
      const own = numbers(getComputedStyle(at).backgroundColor);
      layers.push(own);
      if (own[3] === 1) break;
    }
    let ground = [255, 255, 255];
    for (const layer of layers.reverse()) ground = over(layer, ground);
    return ground;
  };
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode.parentElement;
    if (!walk.currentNode.textContent.trim() || !node.checkVisibility()) continue;
    if (node.closest('.unseen, noscript')) continue;
    const style = getComputedStyle(node);
    const ground = groundOf(node);
    const ink = over(numbers(node.closest('svg') ? style.fill : style.color), ground);
    const [a, b] = [light(ink), light(ground)].sort((x, y) => y - x);
    found.push([(a + 0.05) / (b + 0.05), walk.currentNode.textContent.trim().slice(0, 40)]);
  }
  return found;
}"""

CONTROLS = {"button", "link", "textbox", "combobox", "slider", "radio", "checkbox", "listbox"}


def unnamed(page) -> list[str]:
    """Controls that a screen reader could not name."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    controls = [
        node for node in nodes if not node["ignored"] and node.get("role", {}).get("value") in CONTROLS
    ]
    assert len(controls) > 5
    return [str(node) for node in controls if not node.get("name", {}).get("value", "").strip()]


def test_it_opens_and_says_what_is_kept_and_what_the_numbers_are(visit):
    page = visit()
    said = page.inner_text("main")
    assert "Nothing is stored" in said
    assert re.search(r"24\s+hours at most", said)
    assert "not about what a person" in said
    page.click("text=What this model learnt from")
    facts = page.inner_text("#model-facts")
    assert "FER2013" in facts
    assert "mien-base" in facts
    assert page.title()


def test_light_and_dark_follow_the_system_and_the_switch(visit):
    def ground(page):
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    light, dark = "rgb(247, 247, 244)", "rgb(16, 19, 23)"
    assert ground(visit(color_scheme="light")) == light
    page = visit(color_scheme="dark")
    assert ground(page) == dark
    page.check('#theme input[value="light"]', force=True)
    assert ground(page) == light
    page.reload()
    assert ground(page) == light, "the switch is remembered for the visit"
    assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]
    page.check('#theme input[value="auto"]', force=True)
    assert ground(page) == dark
    assert ground(visit(color_scheme="light")) == light, "and no longer than the visit"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_and_every_control_has_a_name(visit, scheme):
    page = visit(color_scheme=scheme, reduced_motion="reduce")
    for stage in ("start", "pictures"):
        if stage == "pictures":
            bring(page, MEDIA / "synthetic_happiness.webp", MEDIA / "synthetic_fear.webp")
            pictures_read(page)
            page.click("details.table summary")
            page.evaluate("document.getElementById('model').open = true")
        texts = page.evaluate(CONTRAST)
        assert len(texts) > 20
        assert [text for text in texts if text[0] < 4.5] == [], stage
        assert unnamed(page) == [], stage


def test_the_keyboard_alone_goes_everywhere_and_the_focus_is_seen(visit):
    page = visit()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "results"
    seen = []
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    page.focus(".mark")
    while len(seen) < 40 and (not seen or seen[-1] != "A docs"):
        page.keyboard.press("Tab")
        name, width = page.evaluate(
            """() => {
              const at = document.activeElement;
              const shown = at.matches('.theme input') ? at.nextElementSibling : at;
              const { outlineStyle, outlineWidth } = getComputedStyle(shown);
              return [`${at.tagName} ${at.id || at.name || at.getAttribute('href') || at.textContent}`,
                      outlineStyle === 'none' ? 0 : parseFloat(outlineWidth)];
            }"""
        )
        assert width >= 2, f"no visible focus on {name}"
        seen.append(name)
    assert {"BUTTON choose", "BUTTON open-camera", "SELECT compound", "A #model", "A docs"} <= set(seen)
    page.focus("#choose")
    with page.expect_file_chooser() as asked:
        page.keyboard.press("Enter")
    asked.value.set_files([str(MEDIA / "astronaut.jpg"), str(MEDIA / "synthetic_anger.webp")])
    pictures_read(page)
    page.focus(".thumb >> nth=0")
    page.keyboard.press("ArrowRight")
    assert page.inner_text(".caption") == "synthetic_anger.webp"
    page.keyboard.press("ArrowLeft")
    assert page.inner_text(".caption") == "astronaut.jpg"
    page.focus(".box")
    page.keyboard.press("Enter")
    assert page.get_attribute(".box", "aria-pressed") == "true"
    page.focus(".explain button")
    page.keyboard.press("Enter")
    page.wait_for_selector(".heat", state="attached")
    page.keyboard.press("Escape")
    assert page.query_selector(".heat") is None


def test_on_a_phone_nothing_is_wider_than_the_screen(visit):
    page = visit(
        viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, device_scale_factor=2
    )
    width = "Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)"
    assert page.evaluate(width) == 360
    bring(page, *sorted(MEDIA.glob("*.webp")))
    pictures_read(page)
    page.click("details.table summary")
    page.evaluate("document.getElementById('model').open = true")
    assert page.evaluate(width) == 360
    low = page.evaluate(
        "[...document.querySelectorAll('main button:not(.box, .close)')]"
        ".filter((one) => one.checkVisibility()).map((one) => one.getBoundingClientRect().height)"
        ".filter((tall) => tall < 36)"
    )
    assert low == [], "buttons are tall enough for a thumb"


def test_a_server_with_a_token_asks_for_it_and_takes_it_everywhere(visit, start):
    page = visit(start(token="right-one").url, ready=False, forgiven=["401"])
    page.wait_for_selector("dialog[open]")
    page.fill("#token-text", "wrong")
    page.keyboard.press("Enter")
    until(page, "document.getElementById('token-why').textContent.includes('not this server')")
    page.fill("#token-text", "right-one")
    page.keyboard.press("Enter")
    page.wait_for_selector("#settings:not([hidden])")
    bring(page, MEDIA / "astronaut.jpg")
    pictures_read(page)
    assert page.query_selector(".box")
    page.click("#open-camera")
    page.wait_for_selector('.view[aria-label="Camera"] .box')
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]


def test_the_token_dialog_can_be_left_with_escape_and_asked_for_again(visit, start):
    page = visit(start(token="right-one").url, ready=False, forgiven=["401"])
    page.wait_for_selector("dialog[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector('.notice:has-text("token")')
    page.click(".notice button:text-is('Try again')")
    page.wait_for_selector("dialog[open]")


def test_reduced_motion_is_obeyed(visit):
    page = visit(reduced_motion="reduce")
    bring(page, MEDIA / "astronaut.jpg")
    pictures_read(page)
    assert page.evaluate("getComputedStyle(document.querySelector('.bars i')).transitionDuration") == "0s"


def test_on_paper_stand_picture_and_numbers_but_no_buttons(visit):
    page = visit()
    bring(page, MEDIA / "astronaut.jpg")
    pictures_read(page)
    page.emulate_media(media="print")
    assert page.is_visible(".stage img")
    assert page.is_visible(".bars")
    assert not page.is_visible("#choose")
    assert not page.is_visible(".downloads button")
