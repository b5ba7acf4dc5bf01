// The text as the model read it, block by block, coloured by how often each was chosen; beside it a
// map of the whole.
import { byId, count, setText } from "./format.js";

const STEPS = 9;

// Special tokens of chat templates, as they are written.
const CONTROL = /(<\|[^|<>]*\|>|<(?:start|end)_of_turn>|<\/?s>|\[\/?INST\])/;

function fill(span, text) {
  span.replaceChildren(...text.split(CONTROL).filter(Boolean).map((part) => {
    if (!CONTROL.test(part)) return part;
    const control = document.createElement("span");
    control.className = "control";
    control.textContent = part;
    return control;
  }));
}

// Square roots: blocks that are chosen now and then shall not look as if they never were.
const stepOf = (times, most) => (times > 0 ? Math.max(1, Math.round(STEPS * Math.sqrt(times / most))) : 0);

export class Blocks {
  #trace = null;
  #prompt = null; // of the trace, which comes with its first chunk
  #spans = []; // of the blocks within the prompt
  #steps = [];
  #times = [];
  #tail = null; // what is in no block yet
  #box = byId("blocks");
  #map = byId("map");

  constructor() {
    this.#map.addEventListener("pointerdown", (event) => this.#follow(event));
    this.#map.addEventListener("pointermove", (event) => event.buttons && this.#follow(event));
    this.#box.addEventListener("scroll", () => this.#drawMap(), { passive: true });
    this.#box.addEventListener("pointerover", ({ target }) => {
      const span = target.closest(".b");
      if (span) span.title = this.#describe(Number(span.dataset.i));
    });
    this.#box.addEventListener("click", ({ target }) => {
      const span = target.closest(".b");
      if (span) this.scrollTo(Number(span.dataset.i));
    });
    this.#box.addEventListener("keydown", (event) => this.#walk(event));
    new ResizeObserver(() => this.#drawMap()).observe(this.#box);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#drawMap());
  }

  // Shows what is new of a trace, or another one from its beginning.
  show(trace) {
    if (trace !== this.#trace || trace.prompt !== this.#prompt) {
      this.#trace = trace;
      this.#prompt = trace.prompt;
      this.#spans = [];
      this.#steps = [];
      this.#tail = document.createElement("span");
      this.#tail.className = "tail";
      this.#box.replaceChildren(this.#tail);
      this.#box.scrollTop = 0;
      setText("block-says", "");
      this.#fillTail();
    }
    const added = [];
    for (let i = this.#spans.length; i < trace.blocks.length; ++i) {
      const block = trace.blocks[i];
      if (block.byte >= trace.prompt.length) break; // it is the answer's own
      const span = document.createElement("span");
      span.className = i === 0 && trace.sink > 0 ? "b always" : "b";
      span.dataset.i = i;
      fill(span, trace.textOf(block));
      this.#spans.push(span);
      this.#steps.push(0);
      added.push(span);
    }
    if (added.length === 0) return;
    this.#tail.before(...added);
    this.#fillTail();
  }

  // times: for each block.
  paint(times, whose) {
    let most = 0;
    for (let i = 0; i < this.#spans.length; ++i) most = Math.max(most, times[i] ?? 0);
    this.#spans.forEach((span, i) => {
      const step = stepOf(times[i] ?? 0, most);
      if (step === this.#steps[i]) return;
      this.#steps[i] = step;
      span.className = span.className.replace(/ h\d/, "") + (step > 0 ? ` h${step}` : "");
    });
    this.#times = times;
    byId("legend").hidden = most === 0;
    byId("legend-text").textContent = `How often a block was chosen ${whose}: never`;
    byId("legend-most").textContent = `${count(most)} times`;
    this.#drawMap();
  }

  scrollTo(i) {
    this.#box.querySelector(".found")?.classList.remove("found");
    const span = this.#spans[i];
    if (!span) return;
    span.classList.add("found");
    setText("block-says", this.#describe(i));
    span.scrollIntoView({ block: "center", behavior: "smooth" });
  }

  // From block to block with the keys left and right.
  #walk(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by || this.#spans.length === 0) return;
    event.preventDefault();
    const at = this.#spans.indexOf(this.#box.querySelector(".found"));
    this.scrollTo(Math.min(Math.max(at + by, 0), this.#spans.length - 1));
  }

  #describe(i) {
    const block = this.#trace.blocks[i];
    const end = block.class === "none" ? "" : `, ends at: ${block.class}`;
    return `Block ${i}: ${block.length} tokens${end}, chosen ${count(this.#times[i] ?? 0)} times`;
  }

  #fillTail() {
    const last = this.#trace.blocks[this.#spans.length - 1];
    const rest = this.#trace.prompt.subarray(last ? last.byte + last.bytes : 0);
    fill(this.#tail, new TextDecoder().decode(rest));
  }

  #follow(event) {
    const box = this.#map.getBoundingClientRect();
    const share = (event.clientY - box.top) / box.height;
    this.#box.scrollTop = share * this.#box.scrollHeight - this.#box.clientHeight / 2;
  }

  #drawMap() {
    const ratio = devicePixelRatio;
    const width = this.#map.clientWidth * ratio, height = this.#map.clientHeight * ratio;
    if (width === 0 || height === 0) return;
    if (this.#map.width !== width) this.#map.width = width;
    if (this.#map.height !== height) this.#map.height = height;
    const style = getComputedStyle(document.body), pen = this.#map.getContext("2d");
    pen.clearRect(0, 0, width, height);
    const scale = height / Math.max(this.#box.scrollHeight, 1);
    pen.fillStyle = style.getPropertyValue("--line");
    pen.globalAlpha = 0.6;
    pen.fillRect(0, this.#box.scrollTop * scale, width, this.#box.clientHeight * scale);
    const bytes = this.#trace?.prompt.length ?? 0;
    pen.fillStyle = style.getPropertyValue("--heat");
    this.#steps.forEach((step, i) => {
      if (step === 0) return;
      const block = this.#trace.blocks[i];
      pen.globalAlpha = 0.15 + (0.85 * step) / STEPS;
      pen.fillRect(4 * ratio, (block.byte / bytes) * height, width - 8 * ratio,
                   Math.max(ratio, (block.bytes / bytes) * height));
    });
    pen.globalAlpha = 1;
  }
}
