// One answer while it is written: its card, its trace and its times.
import { count, element, percent, rate, seconds } from "./format.js";
import { Trace } from "./trace.js";

export class Answer {
  trace = new Trace();
  state = "waiting"; // reading, writing, done, stopped, failed
  #started = 0;
  #first = 0;
  #last = 0;
  #words = element("div", { className: "words", tabIndex: 0 });
  #progress = element("progress", { max: 1, value: 0, hidden: true });
  #note = element("p", { className: "note" });
  #figures = element("dl", { className: "figures", hidden: true });
  #share = element("i");
  #track = element("div", { className: "share", hidden: true }, this.#share);

  constructor(method) {
    this.method = method;
    this.#words.setAttribute("role", "group");
    this.#words.setAttribute("aria-label", `Answer by ${method}. The left and right arrow keys go through its tokens.`);
    this.#progress.setAttribute("aria-label", "Prompt read");
    this.#track.setAttribute("aria-hidden", "true");
    this.card = element("article", { className: "answer" },
      element("p", { className: "by" }, element("b", {}, method), this.#note),
      this.#progress, this.#words, this.#track, this.#figures);
    this.card.setAttribute("aria-label", `Answer by ${method}`);
    this.#words.addEventListener("click", (event) => {
      const span = event.target.closest("span");
      if (span && getSelection().isCollapsed) this.#pick(Number(span.dataset.i));
    });
    this.#words.addEventListener("keydown", (event) => this.#walk(event));
    this.#words.addEventListener("focus", () => this.onPick(this, this.picked));
    this.#say("waits");
  }

  // A token was picked by mouse or key; null: none, but the answer as a whole.
  onPick = () => {};
  picked = null;

  get text() {
    return this.trace.pieces.map((piece) => piece.text).join("");
  }

  get over() {
    return ["done", "stopped", "failed"].includes(this.state);
  }

  // Tokens a second; 0 before there are any.
  get readingSpeed() {
    const read = this.trace.read - this.trace.cached;
    const took = (this.#first || performance.now()) - this.#started;
    return read > 0 ? (1000 * read) / took : 0;
  }

  get writingSpeed() {
    const steps = this.trace.numTokens - 1;
    return steps > 0 ? (1000 * steps) / (this.#last - this.#first) : 0;
  }

  start() {
    this.#started = performance.now();
    this.#go("reading");
  }

  take(chunk) {
    const before = this.trace.pieces.length;
    this.trace.add(chunk);
    if (this.trace.numTokens > 0) {
      this.#last = performance.now();
      this.#first ||= this.#last;
      if (this.state === "reading") this.#go("writing");
    }
    for (let i = before; i < this.trace.pieces.length; ++i) {
      const span = element("span", {}, this.trace.pieces[i].text);
      span.dataset.i = i;
      this.#words.append(span);
    }
    if (this.state === "reading") this.#showProgress();
    else if (this.state === "writing") this.#say(this.writingSpeed ? rate(this.writingSpeed) : "");
  }

  end(reason) {
    this.#go("done");
    this.#say(reason === "length" ? "reached the most tokens" : "");
  }

  stop() {
    this.#go("stopped");
    this.#say("stopped");
  }

  fail(message) {
    this.#go("failed");
    this.#say("");
    this.#words.append(element("p", { className: "problem" }, message));
  }

  mark(piece) {
    this.picked = piece;
    this.#words.querySelector(".picked")?.classList.remove("picked");
    const span = piece === null ? null : this.#words.children[piece];
    span?.classList.add("picked");
    span?.scrollIntoView({ block: "nearest" });
  }

  focus() {
    this.#words.focus({ preventScroll: true });
  }

  #pick(piece) {
    this.onPick(this, piece);
  }

  #walk(event) {
    const last = this.trace.pieces.length - 1;
    const at = this.picked ?? -1;
    const to = { ArrowRight: Math.min(last, at + 1), ArrowLeft: Math.max(0, at - 1), Home: 0, End: last }[event.key];
    if (to === undefined || last < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    this.#pick(to);
  }

  #go(state) {
    this.state = state;
    this.card.setAttribute("aria-busy", String(!this.over));
    this.#progress.hidden = state !== "reading";
    if (this.over) this.#showFigures();
  }

  #say(text) {
    this.#note.textContent = text;
  }

  #showProgress() {
    const { read, promptTokens } = this.trace;
    this.#progress.max = promptTokens || 1;
    this.#progress.value = read;
    this.#say(`reads ${count(read)} of ${count(promptTokens)}`);
  }

  #showFigures() {
    const { stats, promptTokens, cached, numTokens } = this.trace;
    if (numTokens === 0) return;
    const rows = [["First token", seconds((this.#first - this.#started) / 1000)]];
    if (this.writingSpeed) rows.push(["Each token", seconds(1 / this.writingSpeed)]);
    rows.push(["Tokens", count(numTokens)]);
    rows.push(["Read anew", `${count(promptTokens - cached)} of ${count(promptTokens)}`]);
    if (stats && stats.attended_tokens > 0) {
      rows.push(["Attended to", `${count(stats.attended_tokens)} of ${count(stats.tokens)}`]);
      this.#share.style.width = percent(stats.attended_tokens, stats.tokens).replace(" ", "");
      this.#track.hidden = false;
    }
    this.#figures.replaceChildren(...rows.map(([name, value]) =>
      element("div", {}, element("dt", {}, name), element("dd", {}, value))));
    this.#figures.hidden = false;
  }
}
