"""The page as its reader uses it: in a browser, from the disk, with keys and mouse."""

import json
import re
import shutil
import subprocess
from urllib.parse import unquote

import pytest
from elevenlabs_history import HistoryClient, RetryPolicy
from elevenlabs_history_backup import Backup, page as page_module
from elevenlabs_history_simulator import Fault, Simulator
from support import chromium
from support.backups import repair, sync

NEWEST = 2_000_000_000
HOSTILE = (
    "</script><script>hacked = 1</script><img src=x onerror='hacked = 1'> \u2028\u2029 \u202e{{1}} ${1} &amp; \ud800"
)
ARABIC = "السلام عليكم ورحمة الله"
WORDS = "word " * 100_000

# What tests ask of a page more than once.
SCRIPT = """
globalThis.visibleRows = () => {
  const { top, bottom } = $("list").getBoundingClientRect();
  const isVisible = (row) => row.bottom > top + 1 && row.top < bottom; // without its border
  return rows().filter((row) => isVisible(row.getBoundingClientRect()));
};
globalThis.textsOfRows = () => visibleRows().map((row) => row.querySelector(".text").textContent);
globalThis.rowOf = (text) => visibleRows().find((row) => row.textContent.includes(text));
globalThis.marked = (name) => [...(CSS.highlights.get(name) ?? [])].map(String);
globalThis.selectOf = (label) => document.querySelector(`select[aria-label="${label}"]`);
globalThis.choicesOf = (label) => [...selectOf(label)].map((choice) => choice.text);
globalThis.choose = (label, text) => {
  selectOf(label).value = [...selectOf(label)].find((choice) => choice.text.startsWith(text)).value;
  selectOf(label).dispatchEvent(new Event("change"));
};
globalThis.find = (query) => {
  $("query").value = query;
  $("query").dispatchEvent(new Event("input"));
};
"""

pytestmark = pytest.mark.skipif(chromium.PROGRAM is None, reason="needs Chromium (Debian: apt-get install chromium)")


@pytest.fixture(scope="module")
def backup(tmp_path_factory):
    """A folder with a page of 200 items in four shards, and the ids of special items."""
    folder = tmp_path_factory.mktemp("backup") / "my #1 backup, 100%"
    policy = RetryPolicy(max_attempts=1)
    with (
        Simulator(items=191) as simulator,
        HistoryClient(simulator.api_key, base_url=simulator.base_url, retry_policy=policy) as client,
    ):
        add = simulator.history.add
        special = {
            "aligned": add(date=NEWEST + 7, text="Crème brûlée at midnight, 竜です", aligned=True, seconds=2),
            "hostile": add(date=NEWEST + 6, text=HOSTILE, voice_name="<b>Edna</b>", model_id="<i>model</i>"),
            "arabic": add(date=NEWEST + 5, text=ARABIC),
            "long": add(date=NEWEST + 4, text=f"{WORDS}needle {WORDS}", voice_name="Long John"),
            "odd": add(date=NEWEST + 3, text="Its file has an odd name", seconds=0.2),
            "lost": add(date=NEWEST + 2, text="Its file was deleted"),
            "dialogue": simulator.history.add_dialogue([("Guard", "Who?"), ("Cook", "Soup.")], date=NEWEST + 1),
        }
        sync(client, folder)
        special["gone"] = add(date=NEWEST + 8, text="It was gone before it was saved")
        special["failed"] = add(date=NEWEST + 9, text="The server did not give it")
        for fault in (Fault.refusal(400, "odd"), Fault.refusal(404, "not_found")):
            simulator.faults.add(fault, on="download")
        sync(client, folder, batch_size=1, workers=1)
        with Backup(folder) as opened:
            odd, lost = (folder / opened.get(special[name].id).files[0].path for name in ("odd", "lost"))
        odd.rename(odd.with_name("50% #1? ü&+ 'x'.mp3"))
        repair(client, folder)  # records the new name
        lost.unlink()
        with pytest.MonkeyPatch.context() as patched, Backup(folder) as opened:
            patched.setattr(page_module, "_SHARD_ITEMS", 50)
            opened.write_page()
    return folder, {name: item.id for name, item in special.items()}


@pytest.fixture
def ids(backup):
    return backup[1]


@pytest.fixture(scope="module")
def browser():
    running = chromium.Chromium()
    yield running
    running.close()


@pytest.fixture
def open_page(backup, browser):
    """Open the page and check at the end that it requested nothing outside of its folder and reported no error."""
    opened = []

    def open_page(link="", *, folder=backup[0], is_loaded="shards.length && !loading.left", **options):
        page = browser.open((folder / "index.html").as_uri() + link, script=SCRIPT, **options)
        opened.append((folder, page))
        page.wait_for(f"document.readyState === 'complete' && {is_loaded}")
        return page

    yield open_page
    for folder, page in opened:
        requested = [unquote(each["request"]["url"]) for each in page.events("Network.requestWillBeSent")]
        # Chromium has the icons of its player in `data:` addresses.
        assert [url for url in requested if not url.startswith((f"file://{folder}/", "data:"))] == []
        assert page.events("Runtime.exceptionThrown") == []
        # Chromium reports what a policy has blocked, and a file that is not there.
        entries = [each["entry"]["text"] for each in page.events("Log.entryAdded")]
        assert [text for text in entries if "ERR_FILE_NOT_FOUND" not in text] == []
        page.close()


@pytest.fixture
def page(open_page):
    return open_page()


def test_it_opens_with_the_newest_items_and_few_rows(page):
    assert page.run("$('count').textContent").startswith("200 of 200 clips · ")
    assert page.run("textsOfRows()[0]") == "The server did not give it"
    assert page.run("rows().length") <= 40
    assert page.run("$('rows').scrollHeight") == 200 * 56


def test_scrolling_shows_the_rows_that_belong_there_and_no_others(page):
    for top in (56 * 100, 56 * 30 + 10, 56 * 25, 56 * 200, 0):
        page.run(f"$('list').scrollTop = {top}")
        # The browser reports the scrolling before the next frame.
        page.run("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))")
        assert page.run("visibleRows()[0].at === Math.floor($('list').scrollTop / 56) && visibleRows().length >= 10")
        assert page.run("visibleRows().every((row, n, all) => row.at === all[0].at + n)")
        assert page.run("rows().every((row, n, all) => !n || row.at > all[n - 1].at)")
        assert page.run("visibleRows().every((row) => row.ariaPosInSet == row.at + 1 && row.ariaSetSize === '200')")
        assert page.run("rows().length") <= 41  # with the selected one
    assert page.run("$('list').scrollTop") == 0


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("creme BRULEE", "Crème brûlée at midnight, 竜です"),
        ("nigh rulé", "Crème brûlée at midnight, 竜です"),
        ("竜", "Crème brûlée at midnight, 竜です"),
        ("عَلَيْكُم", ARABIC),
        ("cook gua", "Guard: Who?\nCook: Soup."),
        ("<I>MOD", HOSTILE.replace("\ud800", "?")),
    ],
)
def test_a_search_finds_words_of_any_script_in_texts_voices_and_models(page, query, found):
    page.run(f"find({json.dumps(query)})")
    assert page.run("textsOfRows()") == [found]
    assert page.run("$('count').textContent").startswith("1 of 200 clips · ")


def test_a_search_finds_ids_and_a_clip_that_is_not_there(page, ids):
    page.run(f"find('{ids['arabic'][3:15]}')")
    assert page.run("textsOfRows()") == [ARABIC]
    page.run("find('aardvark')")
    assert page.run("[rows().length, $('count').textContent]") == [0, "0 of 200 clips · 0 characters · 00:00"]
    page.run("find(' ')")
    assert page.run("$('count').textContent").startswith("200 of 200 clips")


def test_hits_are_marked_where_they_are_also_deep_in_a_long_text(page):
    page.run("find('creme mid')")
    assert page.run("marked('row-hits')") == ["Crème", "mid"]
    page.run("find('needl long')")
    assert page.run("marked('row-hits')") == ["needl", "Long"]
    assert page.run("textsOfRows()[0].startsWith('… ')")
    page.run("selectRow(0)")
    assert page.run("marked('text-hits')") == ["needl"]
    assert page.run("$('text').textContent.length") == 1_000_007
    page.run("find('word')")
    assert page.run("marked('text-hits').length") == 1000


def test_filters_count_what_each_choice_would_show(page):
    before = page.run("choicesOf('Filter by voice')")
    assert before[0] == "All voices"
    assert sum(int(re.search(r"\((\d+)\)$", choice)[1]) for choice in before[1:]) == 200
    rachel = next(choice for choice in before if choice.startswith("Rachel"))
    page.run("choose('Filter by voice', 'Rachel')")
    count = page.run("search.hits.length")
    assert rachel == f"Rachel ({count})"
    assert page.run("$('count').textContent").startswith(f"{count} of 200 clips")
    assert page.run("choicesOf('Filter by voice')") == before
    models = page.run("choicesOf('Filter by model')")
    assert sum(int(re.search(r"\((\d+)\)$", choice)[1]) for choice in models[1:]) == count
    page.run("choose('Filter by voice', 'All'); choose('Filter by year', '2033'); choose('Filter by month', 'May')")
    assert page.run("search.hits.length") == 9
    assert page.run("choicesOf('Filter by month')") == ["All months", "May (9)"]


def test_the_length_of_a_clip_and_of_all_hits_is_shown(page):
    page.run("reset()")
    lengths = page.run("search.hits.map((item) => items.seconds[item])")
    total = int(sum(lengths))
    assert page.run("$('count').textContent").endswith(f" · {total // 60:02}:{total % 60:02}")
    page.run("choose('Order', 'Longest')")
    assert page.run("rows()[0].querySelector('.length').textContent") == f"00:{int(max(lengths)):02}"
    assert page.run("[59.9, 3600, 3600 * 1000 + 61].map(formatLength)") == ["00:59", "01:00:00", "1000:01:01"]


def test_the_order_can_be_chosen(page):
    page.run("choose('Order', 'Longest')")
    assert page.run(
        "list.hits.map((item) => items.seconds[item]).every((length, n, all) => !n || all[n - 1] >= length)"
    )
    assert page.run("items.seconds[list.hits[0]] > items.seconds[list.hits.at(-1)]")
    page.run("choose('Order', 'Oldest')")
    assert page.run("list.hits.map((item) => items.date[item]).every((date, n, all) => !n || all[n - 1] <= date)")


def test_the_keyboard_is_enough(page, ids):
    page.press("/")
    page.type("midnight")
    assert page.run("textsOfRows()") == ["Crème brûlée at midnight, 竜です"]
    page.press("ArrowDown")
    assert page.run("document.activeElement === rows()[0].open")
    page.press("Enter")
    page.wait_for("!$('audio').paused && $('audio').currentTime > 0.1")
    page.press(" ")
    assert page.run("$('audio').paused")
    page.press("ArrowRight")
    page.wait_for("$('audio').currentTime > 1")
    page.press("/", "Escape")
    assert page.run("[$('query').value, search.hits.length]") == ["", 200]
    page.press("ArrowDown", "j", "j", "ArrowDown", "k")
    assert page.run("[list.selected, $('text').textContent]") == [4, ARABIC]
    assert page.run("document.activeElement.closest('.row').at") == 4
    page.press("?")
    assert page.run("$('help').open")
    page.press("Escape")
    assert not page.run("$('help').open")
    page.press("n")
    page.wait_for(f"items.id[player.item] === '{ids['hostile']}' && !$('audio').paused")


def test_keys_write_into_the_search_and_do_nothing_else_there(page):
    page.press("/", "j", "n", "?", " ")
    assert page.run("$('query').value") == "jn? "
    assert page.run("[$('help').open, player.item, list.selected]") == [False, None, 0]


def test_the_selected_row_keeps_the_keyboard_however_far_the_list_is_scrolled(page):
    page.press("/", "ArrowDown", "j")
    page.run("$('list').scrollTop = 56 * 150")
    page.wait_for("visibleRows()[0]?.at >= 149")
    assert page.run("document.activeElement.closest('.row').at") == 1
    page.press("j")
    assert page.run("[document.activeElement.closest('.row').at, visibleRows()[0].at]") == [2, 2]


def test_one_row_can_be_reached_with_tab(page):
    assert page.run("rows().flatMap((row) => [row.start, row.open]).filter((part) => part.tabIndex === 0).length") == 1


def test_a_click_shows_a_clip_and_its_button_plays_it_to_the_end(page):
    page.click("rowOf('odd name').open")
    assert page.run("[$('text').textContent, $('audio').paused]") == ["Its file has an odd name", True]
    # A name with blanks, "#", "?", "%" and an umlaut.
    assert page.run("$('show').textContent").endswith("/50% #1? ü&+ 'x'.mp3")
    page.click("rowOf('odd name').start")
    page.wait_for("$('audio').ended")
    assert page.run("$('audio').error") is None
    assert page.run("[player.item, $('play').textContent]") == [page.run("details.item"), "Play"]


def test_after_a_clip_the_next_one_that_has_a_file_is_played_or_the_same_again(page):
    page.run("find('file'); $('after').value = 'next'")
    assert [text[:12] for text in page.run("textsOfRows()")] == ["Its file has", "Its file was"]
    page.run("find(''); $('speed').value = '2'; $('speed').dispatchEvent(new Event('change'))")
    page.click("rowOf('odd name').start")
    page.press("/")
    page.wait_for("items.text[player.item].startsWith('Guard') && !$('audio').paused")
    assert page.run("document.activeElement === $('query')")
    assert page.run("$('audio').playbackRate") == 2
    page.run("$('after').value = 'repeat'; globalThis.ends = 0; on('audio', 'ended', () => ends++)")
    page.wait_for("ends > 1 && !$('audio').paused")
    assert page.run("items.text[player.item]").startswith("Guard")


def test_words_are_marked_as_they_are_spoken_with_times_that_are_loaded_then(page):
    def timings():
        return [each for each in page.events("Network.requestWillBeSent") if "/timings/" in each["request"]["url"]]

    assert timings() == []
    page.click("rowOf('brûlée').start")
    page.wait_for("$('audio').currentTime > 0 && marked('spoken').length")
    assert len(timings()) == 1
    # Paused, because a slow machine would miss a word.
    page.run("$('audio').pause()")
    for time, word in ((0.1, "Crème"), (0.5, "brûlée"), (1.59, "竜")):
        page.run(f"$('audio').currentTime = {time}")
        page.wait_for(f"marked('spoken')[0] === '{word}'")
    page.run("$('audio').play()")
    page.wait_for("$('audio').ended")
    assert page.run("marked('spoken')") == []
    page.click("rowOf('Who').start")
    page.wait_for("$('audio').currentTime > 0.3")
    assert page.run("marked('spoken')") == []
    page.run("choose('Order', 'Oldest')")
    page.click("rows()[0].start")
    page.wait_for("items.shard[player.item] === 0 && $('audio').currentTime > 0")
    assert len(timings()) == 1


def test_a_link_opens_a_clip_even_while_another_is_searched_for(open_page, ids):
    page = open_page(f"#{ids['long']}")
    assert page.run("$('voice').textContent") == "Long John"
    page.run("find('aardvark')")
    page.run(f"location.hash = '#{ids['arabic']}'")
    page.wait_for(f"$('text').textContent === {json.dumps(ARABIC)}")
    assert page.run("search.hits.length") == 200
    assert page.run("$('link').hash") == f"#{ids['arabic']}"
    page.run("location.hash = '#%zz'")
    assert page.run("$('count').textContent").startswith("200 of 200")


def test_items_without_a_file_are_visible_as_such_and_not_played(page):
    assert page.run("visibleRows().filter((row) => row.textContent.includes('no file')).length") == 3
    for text, note in (
        ("did not give", "No file: [400 odd]"),
        ("was gone", "No file: The server no longer has it."),
        ("was deleted", "The file is not in the folder: 2033/"),
    ):
        page.click(f"rowOf('{text}').open")
        page.press("Enter")
        assert page.run("$('note').textContent").startswith(note)
        assert page.run("[$('play').hidden, $('download').hidden, player.item]") == [True, True, None]


def test_a_file_that_was_deleted_since_is_named(open_page, backup, tmp_path, ids):
    folder = shutil.copytree(backup[0], tmp_path / "copy")
    page = open_page(folder=folder)
    (clip,) = folder.rglob(f"*{ids['arabic']}*")
    clip.unlink()
    page.click(f"rowOf('{ARABIC}').start")
    page.wait_for("$('now').textContent.includes('be played. Is the file there?')")
    assert clip.name in page.run("$('now').textContent")


def test_texts_of_anybody_are_text_and_nothing_else(page):
    shown = HOSTILE.replace("\ud800", "?")
    page.click("rowOf('onerror').open")
    assert page.run("[$('text').textContent, $('voice').textContent]") == [shown, "<b>Edna</b>"]
    page.click("rowOf('onerror').start")
    page.wait_for("$('audio').currentTime > 0")
    assert page.run("textsOfRows()[3]") == shown
    assert page.run("document.querySelector('img, i, #rows script, #details script')") is None
    assert page.run("typeof hacked") == "undefined"
    assert "<b>Edna</b> (1)" in page.run("choicesOf('Filter by voice')")


def test_the_policy_of_the_page_allows_no_inline_script_and_no_request(browser, backup):
    page = browser.open((backup[0] / "index.html").as_uri())
    page.wait_for("document.readyState === 'complete'")
    page.run("document.body.append(Object.assign(document.createElement('script'), { text: 'hacked = 1' }))")
    page.run("document.body.append(Object.assign(new Image(), { src: 'https://127.0.0.1/' }))")
    page.run("fetch('https://127.0.0.1/').catch(() => {})")
    assert page.run("typeof hacked") == "undefined"
    blocked = [each["entry"]["text"] for each in page.events("Log.entryAdded")]
    assert len(blocked) >= 3
    assert all("Content Security Policy" in text for text in blocked)
    page.close()


def test_right_to_left_texts_run_from_the_right(page):
    page.click(f"rowOf('{ARABIC}').open")
    assert page.run("getComputedStyle($('text')).direction") == "rtl"
    assert page.run("getComputedStyle($('voice')).direction") == "ltr"


def test_the_place_is_remembered(page):
    page.click("rowOf('brûlée').start")
    page.wait_for("$('audio').currentTime > 0.3")
    page.press(" ")
    time = page.run("$('audio').currentTime")
    page.run("globalThis.isOld = true")
    page.call("Page.reload")
    page.wait_for("globalThis.isOld === undefined && document.readyState === 'complete' && player.item !== null")
    assert page.run("[$('audio').paused, $('audio').currentTime]") == [True, time]
    assert page.run("$('now').textContent").endswith("Crème brûlée at midnight, 竜です")
    page.press(" ")
    page.wait_for(f"$('audio').currentTime > {time}")


def test_copying_downloading_and_finding_the_file(page, backup, ids):
    page.click(f"rowOf('{ARABIC}').open")
    page.click("$('copy')")
    page.wait_for("$('copy').textContent === 'Copied'")
    page.press("/")
    page.call("Input.dispatchKeyEvent", type="keyDown", commands=["paste"])
    page.wait_for(f"$('query').value === '{ARABIC}'")
    (clip,) = backup[0].rglob(f"*{ids['arabic']}*")
    assert page.run("$('download').href") == clip.as_uri()
    assert page.run("$('show').href") == f"{clip.parent.as_uri()}/"


def test_it_can_be_searched_while_it_loads_and_says_how_much_was(page):
    page.call("Fetch.enable", patterns=[{"urlPattern": "*/0001.js"}])
    page.call("Page.reload")
    page.wait_for("typeof loading !== 'undefined' && loading.left === 2")
    page.run("find('midnight')")
    assert page.run("textsOfRows()") == ["Crème brûlée at midnight, 竜です"]
    assert page.run("$('count').textContent").endswith(" · searched 100 of 200 so far")
    assert page.run("$('count').ariaBusy") == "true"
    (paused,) = page.events("Fetch.requestPaused")
    page.call("Fetch.continueRequest", requestId=paused["requestId"])
    page.wait_for("!loading.left && $('count').ariaBusy === 'false'")
    assert "so far" not in page.run("$('count').textContent")


def test_a_backup_without_items_has_a_page_too(open_page, tmp_path):
    with Simulator(items=0) as simulator, HistoryClient(simulator.api_key, base_url=simulator.base_url) as client:
        sync(client, tmp_path)
    with Backup(tmp_path) as opened:
        opened.write_page()
    page = open_page(folder=tmp_path, is_loaded="$('count').textContent.startsWith('0 of 0 clips')")
    page.press("j", "Enter", " ", "n", "/", "a", "Enter")
    assert page.run("rows().length") == 0


def test_what_is_not_there_is_reported(open_page, backup, tmp_path):
    folder = shutil.copytree(backup[0], tmp_path / "copy")
    (folder / "page" / "data" / "0002.js").unlink()
    page = open_page(folder=folder)
    assert page.run("search.hits.length") == 150
    assert "Part 2 is missing: write the page again" in page.run("$('count').textContent")


def test_without_scripts_it_says_what_to_use_instead(browser, backup):
    page = browser.open("about:blank")
    page.call("Emulation.setScriptExecutionDisabled", value=True)
    page.go((backup[0] / "index.html").as_uri())
    root = page.wait_for("document.body ? document.body.innerText : ''")
    assert "elevenlabs-history export FOLDER --csv" in root
    page.close()


def test_a_very_large_backup_is_shown_by_period(open_page, backup, tmp_path):
    folder = shutil.copytree(backup[0], tmp_path / "copy")
    script = folder / "page" / "archive.js"
    script.write_text(script.read_text().replace("MAX_ITEMS = 250000", "MAX_ITEMS = 100"))
    page = open_page(folder=folder)
    assert page.run("$('count').textContent").startswith("100 of 100 clips")
    assert page.run("$('count').textContent").endswith("100 more in other periods")
    first, second = page.run("choicesOf('Period')")
    newest = page.run("textsOfRows()[0]")
    page.run(f"choose('Period', '{second}')")
    page.wait_for("!loading.left && search.searched === 100")
    assert page.run("textsOfRows()[0]") != newest
    # What arrives late belongs to a period that is no longer shown.
    page.run(f"choose('Period', '{first}'); choose('Period', '{second}'); choose('Period', '{first}')")
    page.wait_for("!loading.left && search.searched === 100")
    assert page.run("[textsOfRows()[0], new Set(items.id).size, items.id.length]") == [newest, 100, 100]


@pytest.mark.parametrize("width", [360, 2560])
def test_nothing_is_wider_than_the_window(open_page, width):
    page = open_page(width=width)
    page.click("rowOf('brûlée').open")
    assert page.run("document.documentElement.scrollWidth") <= width
    elements = "[...document.querySelectorAll('body :not(#filters *)')]"
    outside = f"{elements}.filter((each) => each.getBoundingClientRect().right > innerWidth)"
    assert page.run(f"{outside}.map((each) => each.outerHTML.slice(0, 80))") == []


def test_on_a_narrow_window_a_clip_covers_the_list_until_it_is_closed(open_page):
    page = open_page(width=360, height=740)
    assert page.run("getComputedStyle($('details')).visibility") == "hidden"
    page.click("rowOf('brûlée').open")
    assert page.run("document.elementFromPoint(180, 300).closest('#details') !== null")
    page.click("$('close')")
    assert page.run("document.elementFromPoint(180, 300).closest('.row') !== null")


@pytest.mark.packaging
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_serious(open_page, axe, width, dark):
    page = open_page(width=width, dark=dark)
    for prepare in (
        "find('e')",
        "selectRow(2), toggle(details.item)",
        "document.body.className = 'reading'",
        "KEYS['?']()",
    ):
        page.run(f"{prepare}; undefined")
        page.run(axe)
        # The policy of the page lets axe not load style sheets once more.
        violations = page.run("axe.run({ preload: false }).then(({ violations }) => violations)")
        serious = [each for each in violations if each["impact"] in {"serious", "critical"}]
        assert [(each["id"], each["nodes"][0]["html"]) for each in serious] == []


@pytest.fixture(scope="module")
def axe(tmp_path_factory):
    folder = tmp_path_factory.mktemp("axe")
    npm = shutil.which("npm")
    command = [npm, "install", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts", "axe-core@4.10"]
    if npm is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("needs npm and its registry")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text()
