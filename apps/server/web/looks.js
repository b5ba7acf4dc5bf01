// What one token of an answer attended to: by layer and head group, and the blocks read most.
import { byId, count, element, excerpt, percent, setText } from "./format.js";

const MOST_BLOCKS = 8;

// A block is a few words: it is shown between those before and after it.
const LEAD = 16; // characters before it
function inContext(trace, i) {
  const line = (text) => text.replace(/\s+/g, " ");
  const around = (from, to) => line(trace.blocks.slice(Math.max(0, from), to).map((block) => trace.textOf(block)).join(""));
  return [around(i - 2, i).slice(-LEAD), element("b", {}, line(trace.textOf(trace.blocks[i]))), around(i + 1, i + 4)];
}

export class Looks {
  #trace = null;
  #piece = null;
  #blocks;
  #onMove;

  // onMove(index): another piece of the same answer is wanted, or all of it (null).
  constructor(blocks, onMove) {
    this.#blocks = blocks;
    this.#onMove = onMove;
    byId("previous").addEventListener("click", () => onMove(Math.max(0, (this.#piece ?? 1) - 1)));
    byId("next").addEventListener("click", () => onMove(this.#piece === null ? 0 : this.#piece + 1));
    byId("whole").addEventListener("click", () => onMove(null));
    byId("layer").addEventListener("input", () => this.refresh());
    byId("head").addEventListener("change", () => this.refresh());
    byId("layers").addEventListener("click", (event) => {
      const bar = event.target.closest("i");
      if (bar) this.#setLayer(Number(bar.dataset.layer));
    });
    byId("best").addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) this.#blocks.scrollTo(Number(button.dataset.block));
    });
  }

  show(trace, piece = null) {
    if (trace !== this.#trace) this.#setLayer(-1);
    this.#trace = trace;
    this.#piece = piece;
    this.refresh();
  }

  // Again, since the answer goes on or something else is asked of it.
  refresh() {
    const trace = this.#trace;
    if (trace === null) return;
    this.#blocks.show(trace);
    this.#setRanges();
    const layer = Number(byId("layer").value), head = Number(byId("head").value);
    const times = trace.timesOf({ piece: this.#piece, layer, head });
    this.#blocks.paint(times, this.#piece === null ? "for the answer" : "for this token");
    byId("previous").disabled = trace.pieces.length === 0 || this.#piece === 0;
    byId("next").disabled = trace.pieces.length === 0 || this.#piece === trace.pieces.length - 1;
    byId("whole").disabled = this.#piece === null;
    setText("token-title", this.#piece === null ? "Token" : `“${excerpt(trace.pieces[this.#piece].text, 24)}”`);
    setText("token-says", this.#piece === null ? this.#sayWhole() : this.#sayPiece(times));
    byId("token-details").hidden = trace.numLayers === 0;
    this.#drawLayers(layer, head);
    this.#listBest(times, layer, head);
  }

  #setLayer(layer) {
    const input = byId("layer");
    input.value = Number(input.value) === layer ? -1 : layer; // once more: all
    if (this.#trace) this.refresh();
  }

  #setRanges() {
    const layers = this.#trace.numLayers, heads = this.#trace.numHeads;
    const layer = byId("layer"), head = byId("head");
    layer.max = Math.max(0, layers - 1);
    byId("layer-name").textContent = Number(layer.value) < 0 ? "all" : layer.value;
    layer.setAttribute("aria-valuetext", Number(layer.value) < 0 ? "all layers" : `layer ${layer.value}`);
    if (head.options.length === heads + 1) return;
    head.replaceChildren(new Option("all", -1), ...Array.from({ length: heads }, (_, h) => new Option(h, h)));
  }

  #sayWhole() {
    const { pieces, stats, numLayers } = this.#trace;
    if (pieces.length === 0) return "Pick a word of an answer to see which blocks were read for it.";
    if (numLayers === 0) return "Every token of this answer attended to everything before it.";
    const mean = stats ? ` Its tokens attended to ${count(stats.attended_tokens)} tokens each, of ${count(stats.tokens)}.` : "";
    return `The whole answer.${mean} Pick a word of it to see which blocks were read for that word.`;
  }

  #sayPiece(times) {
    const { pieces, promptTokens, sink, recent } = this.#trace;
    const { attended, layers } = pieces[this.#piece];
    const context = promptTokens + this.#piece;
    const place = `Token ${this.#piece + 1} of ${pieces.length}.`;
    if (this.#piece === 0) return `${place} It comes from reading the text itself, which attends to all ${count(context)} tokens.`;
    if (layers === undefined) return `${place} What it attended to was not told: the answer came faster than it could be shown.`;
    if (layers === null) return `${place} It attended to all ${count(context)} tokens before it.`;
    const blocks = times.filter((t) => t > 0).length;
    return `${place} A head attended to ${count(attended)} of ${count(context)} tokens ` +
      `(${percent(attended, context)}) on average; ${count(blocks)} blocks were chosen by one or more. ` +
      `The first ${sink} and last ${recent} tokens are always read.`;
  }

  #drawLayers(layer, head) {
    const box = byId("layers");
    const chosen = this.#piece === null ? [] : this.#trace.chosenByLayer(this.#piece, head);
    box.hidden = chosen.length === 0;
    const most = Math.max(1, ...chosen);
    box.replaceChildren(...chosen.map((tokens, l) => {
      const all = tokens === null;
      const bar = element("i", {
        className: [all ? "all" : "", layer === l ? "on" : layer >= 0 ? "off" : ""].join(" "),
        title: `Layer ${l}: ${all ? "attends to everything" : `${count(tokens)} tokens chosen`}`,
      });
      bar.dataset.layer = l;
      bar.style.setProperty("--h", `${all ? 100 : (100 * tokens) / most}%`);
      return bar;
    }));
  }

  #listBest(times, layer, head) {
    const trace = this.#trace;
    const best = times.map((t, i) => [t, i]).filter(([t, i]) => t > 0 && trace.blocks[i].byte < trace.prompt.length)
      .sort((a, b) => b[0] - a[0]).slice(0, MOST_BLOCKS);
    const choosers = this.#piece === null ? 0 : trace.numChoosers(this.#piece, { layer, head });
    byId("best-title").hidden = best.length === 0;
    byId("best").replaceChildren(...best.map(([t, i]) => {
      const often = this.#piece === null ? `${count(t)} ×` : `${t} of ${choosers}`;
      const button = element("button", { type: "button", title: "Show it in the text" },
        element("span", { className: "n" }, often),
        element("span", { className: "t" }, ...inContext(trace, i)));
      button.dataset.block = i;
      return element("li", {}, button);
    }));
  }
}
