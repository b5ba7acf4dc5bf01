// Ties the parts of the page together.
import { ApiError, getJson, setKey } from "./api.js";
import { Blocks } from "./blocks.js";
import { showBoundaries } from "./boundaries.js";
import { Chat } from "./chat.js";
import { byId, count, setText } from "./format.js";
import { Looks } from "./looks.js";
import { Meters } from "./meters.js";
import { Source } from "./source.js";

const RETRY_MS = 1000;

function say(text, bad = false) {
  setText("status", text);
  byId("status").classList.toggle("bad", bad);
}

const source = new Source(say);
const chat = new Chat(source, say);
const meters = new Meters(chat);
const looks = new Looks(new Blocks(), (piece) => pick(shown, piece));
let shown = null; // the answer that text and looks are of
let drawing = 0;

function pick(answer, piece) {
  if (answer === null) return;
  if (shown !== answer) {
    shown?.mark(null);
    shown?.card.classList.remove("shown");
    answer.card.classList.add("shown");
  }
  shown = answer;
  answer.mark(piece);
  looks.show(answer.trace, piece);
  showBoundaries(answer.trace.importance);
  if (piece !== null && matchMedia("(max-width: 860px)").matches) showPane("looks");
}

function showPane(name) {
  document.body.dataset.pane = name;
  for (const button of document.querySelectorAll("[data-show]")) {
    button.setAttribute("aria-current", String(button.dataset.show === name));
  }
}

// Once a frame at most: tokens may come faster.
function redraw(answer) {
  meters.showSpeed(answer);
  syncButtons();
  if (answer !== shown || drawing) return;
  drawing = requestAnimationFrame(() => {
    drawing = 0;
    if (shown === null) return;
    looks.refresh();
    if (shown.trace.importance.length && byId("boundaries").hidden) showBoundaries(shown.trace.importance);
  });
}

// One of the two; who had the focus on the other keeps it.
function syncButtons() {
  const shows = byId(chat.busy ? "stop" : "ask"), hides = byId(chat.busy ? "ask" : "stop");
  const focused = document.activeElement === hides;
  shows.hidden = false;
  hides.hidden = true;
  if (focused) shows.focus();
}

chat.onPick = pick;
chat.onChange = redraw;
chat.onKeyWanted = () => byId("key-dialog").showModal();

byId("composer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const question = byId("question").value.trim();
  if (chat.busy) return;
  if (!question) return say("Write a question first.", true);
  byId("question").value = "";
  const asked = chat.ask(question);
  syncButtons();
  await asked;
  syncButtons();
});

byId("question").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  byId("composer").requestSubmit();
});

byId("stop").addEventListener("click", () => {
  chat.stop();
  byId("question").focus();
});
byId("restart").addEventListener("click", () => {
  chat.restart();
  shown = null;
  say("A new chat.");
  byId("question").focus();
});

addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || byId("key-dialog").open) return;
  if (chat.busy) chat.stop();
  else if (shown) pick(shown, null);
});

for (const button of document.querySelectorAll("[data-show]")) {
  button.addEventListener("click", () => showPane(button.dataset.show));
}

byId("sample").addEventListener("click", async () => {
  source.set(await (await fetch("web/sample.txt")).text(), "Sample: a station's handbook");
  byId("question").value = "Which spare part must never be stored in the boat house?";
  byId("question").focus();
});

byId("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  setKey(byId("key").value);
  byId("key-dialog").close();
  connect();
});

function listMethods(props) {
  const method = byId("method");
  method.replaceChildren(...props.methods.map((name) => new Option(name, name)));
  if (!props.methods.includes(props.method)) method.prepend(new Option(props.method, props.method));
  method.value = props.method;
  method.onchange = () => {
    byId("budget").placeholder = method.value === props.method ? props.budget : "";
  };
  method.onchange();
}

// Until the server is there and its model loaded.
async function connect() {
  try {
    const props = await getJson("props");
    byId("model-name").textContent = `${props.model}, ${count(props.context_tokens)} tokens of context`;
    source.contextTokens = props.context_tokens;
    listMethods(props);
    say("Ready.");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) return chat.onKeyWanted();
    say(error.status === 503 ? "The model is being loaded…" : error.message, error.status !== 503);
    setTimeout(connect, RETRY_MS);
  }
}
connect();
