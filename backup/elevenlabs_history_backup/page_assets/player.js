"use strict";
// The player: what comes after a clip, the word that is spoken, what is remembered.

const player = { item: null, words: [], frame: 0 }; // words: those whose times are known
const MEMORY = `elevenlabs-history ${location.pathname}`; // all pages on the disk share one storage

function storage() {
  try {
    return localStorage;
  } catch {
    return {}; // the browser allows none
  }
}

const recall = () => JSON.parse(storage()[MEMORY] ?? "{}");

function remember() {
  if (player.item === null) return;
  storage()[MEMORY] = JSON.stringify({ id: items.id[player.item], time: $("audio").currentTime });
}

function startPlayer() {
  on("audio", "play pause ended", showPlaying);
  on("audio", "play seeked ended", followWords);
  on("audio", "ended", () => {
    if ($("after").value === "next") playNext();
    if ($("after").value === "repeat") play(player.item);
  });
  on("audio", "error", () => showNow("Can't be played. Is the file there?", items.path[player.item]));
  on("speed", "change", () => ($("audio").playbackRate = $("audio").defaultPlaybackRate = $("speed").value));
  on("next", "click", playNext);
  on("now", "click", () => openItem(items.id[player.item]));
  addEventListener("pagehide", remember);
}

function load(item) {
  player.item = item;
  $("audio").src = urlOf(items.path[item]);
  showNow(names.voice[items.voice[item]], items.text[item].slice(0, EXCERPT));
  loadWords(item);
}

function showNow(title, text) {
  $("now").firstChild.textContent = title;
  $("now").lastChild.textContent = text;
}

function showPlaying() {
  $("play").textContent = details.item === player.item && !$("audio").paused ? "Pause" : "Play";
  rows().forEach(markRow);
}

function play(item) {
  if (items.note[item] !== "") return;
  if (item !== player.item) load(item);
  $("audio").play().catch(() => {}); // there is an event too
}

function toggle(item) {
  if (item === player.item && !$("audio").paused) $("audio").pause();
  else play(item);
}

function playNext() {
  let at = list.hits.indexOf(player.item) + 1;
  while (items.note[list.hits[at]]) at++;
  if (!(at in list.hits)) return;
  if (details.item === player.item) selectRow(at, $("rows").contains(document.activeElement));
  play(list.hits[at]);
}

// The times of words are loaded when a clip of their shard is played.
async function loadWords(item) {
  const number = items.shard[item];
  const hasTimings = shards[number][3];
  shards[number][3] = false; // any more
  if (hasTimings) await loadScript("timings", number);
  findWords();
}

// The words as page.py counts them.
const WORD = /[^ \t\r\n\u2e80-\u{10ffff}]+|[\u2e80-\u{10ffff}]/gu;
function findWords() {
  const starts = details.item === player.item ? wordStarts.get(items.id[player.item]) : undefined;
  const words = starts ? [...$("text").textContent.matchAll(WORD)] : [];
  player.words = words.map((word, at) => ({ start: starts[at] / 100, from: word.index, to: word.index + word[0].length }));
  followWords();
}

function followWords() {
  cancelAnimationFrame(player.frame);
  const { currentTime, ended, paused } = $("audio");
  const word = ended ? undefined : player.words.findLast(({ start }) => start <= currentTime);
  if (word !== player.word) {
    player.word = word;
    const ranges = word ? [rangeIn($("text"), word.from, word.to)] : [];
    highlight("spoken", ranges);
    ranges.forEach(keepInView);
  }
  if (player.words.length && !paused) player.frame = requestAnimationFrame(followWords);
}

function keepInView(range) {
  const [word, box] = [range.getBoundingClientRect(), $("text").getBoundingClientRect()];
  if (word.top < box.top || word.bottom > box.bottom) $("text").scrollTop += word.top - box.top - box.height / 3;
}
