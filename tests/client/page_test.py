"""What a person does with the page of dynsplit serve, in a browser; page_test.sh starts both.

usage: page_test.py ADDRESS KEY [FOLDER]     FOLDER: where screenshots go
"""

import io
import json
import pathlib
import re
import sys
import unittest

import selenium_axe_python
from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

ADDRESS, KEY = sys.argv[1:3]
SCREENSHOTS = pathlib.Path(sys.argv[3]) if len(sys.argv) > 3 else None
SAMPLE = pathlib.Path(__file__).parents[2] / "apps/server/web/sample.txt"
AXE = next(pathlib.Path(selenium_axe_python.__file__).parent.rglob("axe.min.js")).read_text()
QUESTION = "Where is the spare magneto kept?"
PATIENCE = 300  # seconds: the text is read by one thread, maybe beside other work
DESKTOP, PHONE = (1360, 850), (390, 844)


def open_browser():
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars",
                     "--disable-background-networking", "--disable-component-update",
                     "--user-agent=page_test"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path="/usr/bin/chromedriver")
    return webdriver.Chrome(options=options, service=service)


class PageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = open_browser()
        cls.addClassCleanup(cls.browser.quit)

    def setUp(self):
        self.look(DESKTOP)
        self.browser.get(ADDRESS)
        self.browser.execute_script(f"sessionStorage.setItem('dynsplit-key', {json.dumps(KEY)})")
        self.browser.get_log("browser")  # without a key, requests were refused
        self.load()

    def tearDown(self):
        for entry in self.browser.get_log("browser"):
            self.assertNotEqual(entry["level"], "SEVERE", entry["message"])

    # The tools

    def load(self):
        self.browser.get(ADDRESS)
        self.wait(lambda: self.text("status") == "Ready.")

    def look(self, size, dark=False):
        width, height = size
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == PHONE})
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce"}]})

    def by_id(self, name):
        return self.browser.find_element(By.ID, name)

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def text(self, name):
        """Also of what does not show on a phone."""
        return self.by_id(name).get_property("textContent").strip()

    def js(self, script, *arguments):
        return self.browser.execute_script(script, *arguments)

    def wait(self, condition):
        return WebDriverWait(self.browser, PATIENCE, 0.05).until(lambda _: condition())

    def set(self, name, value):
        field = self.by_id(name)
        field.clear()
        field.send_keys(value)

    def drop(self, name, content):
        """As from a file manager; the browser itself cannot be handed a file to drop."""
        self.js("""
            const carried = new DataTransfer();
            carried.items.add(new File([arguments[1]], arguments[0], {type: "text/plain"}));
            for (const kind of ["dragover", "drop"]) {
              document.body.dispatchEvent(new DragEvent(kind,
                  {bubbles: true, cancelable: true, dataTransfer: carried}));
            }""", name, content)

    def paste(self, selector, content):
        self.js("""
            const carried = new DataTransfer();
            carried.setData("text/plain", arguments[1]);
            document.querySelector(arguments[0]).dispatchEvent(new ClipboardEvent("paste",
                {bubbles: true, cancelable: true, clipboardData: carried}));""", selector, content)

    def ask(self, question=QUESTION, max_tokens=40):
        self.set("max-tokens", str(max_tokens))
        self.by_id("question").send_keys(question, Keys.ENTER)

    def answered(self):
        self.wait(lambda: self.all(".again") and not self.by_id("stop").is_displayed())

    def ask_about_the_sample(self, **fields):
        self.drop("handbook.txt", SAMPLE.read_text())
        self.wait(lambda: "tokens" in self.text("text-size"))
        self.ask(**fields)
        self.answered()

    def pick(self, at, answer=0):
        """Clicks a token; the next one with letters, as an empty line takes no room. Its number."""
        spans = self.all(".words")[answer].find_elements(By.TAG_NAME, "span")
        token = next(span for span in spans[at:] if span.text.strip())
        token.click()
        return int(token.get_attribute("data-i")) + 1

    def figures(self, card):
        names = card.find_elements(By.CSS_SELECTOR, ".figures dt")
        values = card.find_elements(By.CSS_SELECTOR, ".figures dd")
        return {name.text: value.text for name, value in zip(names, values)}

    def steps(self):
        """How strongly each block is coloured, 0 to 9."""
        return self.js("""return [...document.querySelectorAll("#blocks .b")].map(
            (span) => Number((span.className.match(/h(\\d)/) ?? [0, 0])[1]))""")

    def assert_accessible(self):
        self.js(AXE)
        found = self.browser.execute_async_script(
            "axe.run(document, {resultTypes: ['violations']}).then(arguments[0])")
        self.assertGreater(len(found["passes"]), 15)
        told = [f"{violation['id']}: {node['html'][:160]} {node.get('failureSummary', '')}"
                for violation in found["violations"] for node in violation["nodes"]]
        self.assertEqual(told, [])

    def assert_fits(self):
        wide = self.js("""return [...document.querySelectorAll("body *")].filter((e) => {
            const box = e.getBoundingClientRect();
            return box.width > 1 && box.right > innerWidth + 1 && !e.closest(".settings, .meters, .best .t");
          }).map((e) => e.outerHTML.slice(0, 120))""")
        self.assertEqual(wide, [])
        self.assertEqual(self.js("return document.documentElement.scrollWidth > innerWidth"), False)

    def keep(self, name):
        if SCREENSHOTS:
            self.js("document.activeElement.blur()")
            picture = Image.open(io.BytesIO(self.browser.get_screenshot_as_png()))
            picture.convert("RGB").quantize(255).save(SCREENSHOTS / f"page-{name}.png", optimize=True)

    # The tests

    def test_a_dropped_text_is_read_shown_in_blocks_and_answered(self):
        text = SAMPLE.read_text()
        self.drop("handbook.txt", text + "\nThis makes it another text, which is read anew.\n")
        self.assertEqual(self.text("text-title"), "handbook.txt")
        self.wait(lambda: "tokens" in self.text("text-size"))
        self.ask()
        self.wait(lambda: self.all("progress") and self.all("progress")[0].is_displayed())
        read = self.wait(lambda: float(self.all("progress")[0].get_attribute("value")))
        self.assertLess(read, float(self.all("progress")[0].get_attribute("max")))
        self.wait(lambda: len(self.all(".words span")) > 2)
        seen = len(self.all(".words span"))
        self.wait(lambda: len(self.all(".words span")) > seen)
        self.answered()
        self.assertRegex(self.text("status"), r"^Done: [\d.,]+ tok/s\.$")
        shown = self.js("return document.querySelector('#blocks').textContent")
        self.assertIn(text.strip(), shown)
        self.assertIn(QUESTION, shown)
        self.assertGreater(len(self.steps()), 150)
        self.assertGreater(max(self.steps()), 8)
        self.assertIn(0, self.steps())
        figures = self.figures(self.all(".answer")[0])
        attended, context = figures["Attended to"].replace(",", "").split(" of ")
        self.assertLess(int(attended), 0.8 * int(context))
        rows = {row.text.split("\n")[0] for row in self.all("#boundaries th")}
        self.assertLess({"sentence", "comma", "paragraph"}, rows)
        answer = self.js("return document.querySelector('.words').textContent")
        self.assertEqual(self.text("announce").split(), ["Answer:", *answer.split()])
        self.assertRegex(self.text("meter-write"), r"tok/s$")
        self.wait(lambda: self.text("meter-rss").endswith("iB"))

    def test_a_token_shows_what_it_attended_to(self):
        self.ask_about_the_sample()
        whole = self.steps()
        number = self.pick(6)
        self.assertEqual(len(self.all(".picked")), 1)
        self.assertRegex(self.text("token-says"), rf"^Token {number} of \d+\. A head attended to [\d,]+ of [\d,]+ tokens")
        self.assertNotEqual(self.steps(), whole)
        self.assertEqual(len(self.all("#layers i")), 30)
        all_layers = self.steps()
        best = self.all("#best button")
        self.assertRegex(best[0].text, r"\d\d of \d\d")
        self.keep("token")
        best[0].click()
        found = self.all(".found")
        self.assertEqual(len(found), 1)
        self.assertEqual(" ".join(found[0].text.split()),
                         " ".join(best[0].find_element(By.TAG_NAME, "b").text.split()))
        block = int(re.match(r"Block (\d+): \d+ tokens.*, chosen [\d,]+ times$", self.text("block-says"))[1])
        self.by_id("blocks").send_keys(Keys.ARROW_RIGHT)
        self.assertIn(f"Block {block + 1}: ", self.text("block-says"))
        self.all("#blocks .b")[0].click()
        self.assertIn("Block 0: ", self.text("block-says"))
        self.by_id("layer").send_keys(Keys.HOME, *[Keys.ARROW_RIGHT] * 11)
        self.assertEqual(self.text("layer-name"), "10")
        self.assertNotEqual(self.steps(), all_layers)
        self.assertRegex(self.all("#best button")[0].text, r"\d of [123]")
        self.all("#layers i")[12].click()
        self.assertEqual(self.text("layer-name"), "12")
        self.all("#layers i")[12].click()
        self.assertEqual(self.text("layer-name"), "all")
        self.assertEqual(self.steps(), all_layers)
        Select(self.by_id("head")).select_by_visible_text("1")
        self.assertNotEqual(self.steps(), all_layers)
        self.by_id("next").click()
        self.assertIn(f"Token {number + 1} of", self.text("token-says"))
        Select(self.by_id("head")).select_by_visible_text("all")
        self.by_id("whole").click()
        self.assertEqual(self.all(".picked"), [])
        self.assertEqual(self.steps(), whole)

    def test_methods_and_budgets(self):
        self.ask_about_the_sample()
        by_default = self.figures(self.all(".answer")[0])
        Select(self.by_id("method")).select_by_visible_text("recent")
        self.by_id("log").find_element(By.CLASS_NAME, "again").click()
        self.wait(lambda: self.all(".answer .by b")[0].text == "recent")
        self.answered()
        recent = self.figures(self.all(".answer")[0])
        self.assertNotEqual(recent["Attended to"], by_default["Attended to"])
        self.assertEqual(recent["Read anew"].split(" ")[0], "0")
        Select(self.by_id("method")).select_by_visible_text("sentence")
        self.set("budget", "5%")
        self.ask("And where is its wrench?")
        self.answered()
        self.assertEqual([b.text for b in self.all(".answer .by b")], ["recent", "sentence"])
        self.set("budget", "much")
        self.ask("And who signs?")
        self.answered()
        self.assertIn("budget", self.all(".problem")[0].text)
        self.assertIn("bad", self.by_id("status").get_attribute("class"))
        self.browser.get_log("browser")  # the browser reports the refusal, as it should

    def test_side_by_side_with_full_attention(self):
        self.by_id("compare").click()
        self.ask_about_the_sample(max_tokens=48)
        cards = self.all(".answer")
        self.assertEqual([card.find_element(By.TAG_NAME, "b").text for card in cards],
                         ["dynsplit", "full"])
        chosen, full = (self.figures(card) for card in cards)
        for figures in (chosen, full):
            self.assertRegex(figures["Each token"], r"(ms|s)$")
        attended, context = full["Attended to"].replace(",", "").split(" of ")
        self.assertGreater(int(attended), 0.95 * int(context))  # the mean while it grew
        self.assertLess(int(chosen["Attended to"].replace(",", "").split(" of ")[0]), 0.8 * int(attended))
        self.assertRegex(self.text("status"), r"^Done: .* tok/s against .* tok/s\.$")
        self.keep("compare")
        self.pick(3, answer=1)
        self.assertRegex(self.text("token-says"), r"attended to all [\d,]+ tokens before it")

    def test_keyboard_alone(self):
        press = lambda *keys: ActionChains(self.browser).send_keys(*keys).perform()
        focused = lambda: self.browser.switch_to.active_element
        press(Keys.TAB)
        self.assertEqual(focused().text, "Skip to the question")
        press(Keys.ENTER, "Count to twenty.")
        self.assertEqual(focused().get_attribute("id"), "question")
        press(Keys.ENTER)
        self.wait(lambda: len(self.all(".words span")) > 3)
        press(Keys.ESCAPE)
        self.answered()
        self.assertEqual(self.text("status"), "Stopped.")
        for _ in range(30):  # back to the answer
            if "words" in focused().get_attribute("class"):
                break
            press(Keys.SHIFT, Keys.TAB)
        self.assertIn("words", focused().get_attribute("class"))
        outline = self.js("return getComputedStyle(document.activeElement).outlineStyle")
        self.assertEqual(outline, "solid")
        press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
        self.assertIn("Token 2 of", self.text("token-says"))
        press(Keys.ARROW_LEFT)
        self.assertIn("Token 1 of", self.text("token-says"))
        press(Keys.ESCAPE)
        self.assertEqual(self.all(".picked"), [])

    def test_stop_ends_the_work_of_the_server(self):
        self.ask("Tell a very long story.", max_tokens=2000)
        self.wait(lambda: len(self.all(".words span")) > 3)
        self.by_id("stop").click()
        self.answered()
        self.assertEqual(self.all(".answer .note")[0].text, "stopped")
        running = """return fetch("metrics", {headers: {Authorization: "Bearer " + arguments[0]}})
            .then((r) => r.text()).then((t) => t.match(/^dynsplit_num_requests_running (.*)$/m)[1])"""
        self.wait(lambda: self.js(running, KEY) == "0")

    def test_pasted_and_opened_texts(self):
        self.paste("#question", "word " * 500)
        self.assertEqual(self.text("text-title"), "Pasted text")
        self.assertEqual(self.by_id("question").get_attribute("value"), "")
        self.paste("body", "A short text.")
        self.assertEqual(self.by_id("source").get_attribute("value"), "A short text.")
        self.by_id("file").send_keys(str(SAMPLE))
        self.wait(lambda: self.text("text-title") == "sample.txt")
        self.drop("zeros.bin", "\0\0\0")
        self.wait(lambda: "no plain text" in self.text("status"))
        self.assertEqual(self.text("text-title"), "sample.txt")
        self.drop("long.txt", "word " * 9000)
        self.wait(lambda: "too long" in self.text("text-size"))
        self.ask()
        self.answered()
        self.assertIn("context", self.all(".problem")[0].text)
        self.browser.get_log("browser")  # of the refusal

    def test_text_is_never_markup(self):
        self.drop("<b>name</b>.txt", "<img src=x onerror=\"document.title='taken'\"> & <script>1</script> &lt;")
        self.wait(lambda: "tokens" in self.text("text-size"))
        self.ask("<u>What</u> is this?", max_tokens=8)
        self.answered()
        self.assertEqual(self.browser.title, "dynsplit")
        self.assertIn("<img src=x", self.text("blocks"))
        self.assertEqual(self.all(".question")[0].text, "<u>What</u> is this?")
        self.assertEqual(self.all("#blocks img, .question u, h2 b"), [])

    def test_a_server_with_keys_asks_for_one(self):
        self.js("sessionStorage.clear()")
        self.browser.get(ADDRESS)
        self.wait(lambda: self.by_id("key-dialog").is_displayed())
        self.by_id("key").send_keys("wrong", Keys.ENTER)
        self.wait(lambda: self.by_id("key-dialog").is_displayed())
        self.set("key", KEY)
        self.by_id("key").send_keys(Keys.ENTER)
        self.wait(lambda: self.text("status") == "Ready.")
        self.browser.get_log("browser")  # of the refusals

    def test_phone(self):
        self.look(PHONE)
        self.load()
        self.assert_fits()
        self.assert_accessible()
        self.assertFalse(self.by_id("source").is_displayed())
        self.ask_about_the_sample()
        self.assert_fits()
        self.pick(4)
        self.assertTrue(self.by_id("token-says").is_displayed())
        self.assertFalse(self.by_id("question").is_displayed())
        self.assert_fits()
        self.assert_accessible()
        self.keep("phone-token")
        self.all("[data-show=text]")[0].click()
        self.assertTrue(self.by_id("blocks").is_displayed())
        self.assert_fits()
        self.keep("phone-text")
        self.all("[data-show=chat]")[0].click()
        self.assertTrue(self.by_id("question").is_displayed())
        self.keep("phone")

    def test_accessible_in_light_and_dark(self):
        self.assert_accessible()
        self.keep("start")
        self.ask_about_the_sample()
        self.pick(6)
        for dark in (False, True):
            self.look(DESKTOP, dark)
            self.assert_accessible()
        self.keep("dark")

    def test_asks_nobody_else(self):
        self.ask("Hello", max_tokens=4)
        self.answered()
        asked = self.js("return performance.getEntriesByType('resource').map((e) => e.name)")
        self.assertGreater(len(asked), 8)
        self.assertEqual([name for name in asked if not name.startswith(ADDRESS)], [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
