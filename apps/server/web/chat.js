// The conversation: what is asked, of which methods, and the answers while they come.
import { ApiError, stream } from "./api.js";
import { Answer } from "./answer.js";
import { byId, count, element, rate } from "./format.js";

const FULL = "full";

export class Chat {
  #source;
  #turns = []; // {text, question, answers}; text: of the document at that time
  #abort = null;
  #log = byId("log");

  onPick = () => {}; // (answer, piece)
  onChange = () => {}; // (answer): there is more of it
  onKeyWanted = () => {};

  constructor(source, say) {
    this.#source = source;
    this.say = say;
  }

  get busy() {
    return this.#abort !== null;
  }

  stop() {
    this.#abort?.abort();
  }

  restart() {
    this.stop();
    this.#turns = [];
    this.#log.replaceChildren(byId("welcome"));
    byId("welcome").hidden = false;
    this.#source.reveal(false);
  }

  async ask(question) {
    const text = this.#source.text;
    if (this.#turns.length > 0 && this.#turns.at(-1).text !== text) this.#turns = []; // about another text
    const turn = { text, question, answers: [], box: element("div", { className: "answers" }) };
    this.#turns.push(turn);
    byId("welcome").hidden = true;
    this.#log.append(element("p", { className: "question" }, question), turn.box);
    await this.#answer(turn);
  }

  async again() {
    const turn = this.#turns.at(-1);
    if (turn && !this.busy) await this.#answer(turn);
  }

  async #answer(turn) {
    const method = byId("method").value;
    const methods = byId("compare").checked && method !== FULL ? [method, FULL] : [method];
    turn.answers = methods.map((name) => new Answer(name));
    turn.box.replaceChildren(...turn.answers.map((answer) => answer.card));
    turn.box.classList.toggle("pair", methods.length > 1);
    for (const answer of turn.answers) answer.onPick = (picked, piece) => this.onPick(picked, piece);
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#log.querySelector(".again")?.remove();
    this.#source.reveal(true);
    this.#abort = new AbortController();
    this.onPick(turn.answers[0], null);
    // One after the other: side by side each would wait for the other's passes.
    for (const answer of turn.answers) await this.#run(turn, answer);
    this.#abort = null;
    const written = turn.answers[0];
    if (!turn.answers.some((answer) => answer.state === "failed")) this.#sum(turn.answers);
    this.#offerAgain(turn);
    byId("announce").textContent = written.text ? `Answer: ${written.text}` : "";
    this.onChange(written);
  }

  async #run(turn, answer) {
    const { signal } = this.#abort;
    if (signal.aborted) return answer.stop();
    answer.start();
    let reason = null;
    try {
      for await (const chunk of stream("v1/chat/completions", this.#body(turn, answer.method), signal)) {
        const bottom = this.#log.scrollHeight - this.#log.scrollTop - this.#log.clientHeight < 60;
        answer.take(chunk);
        reason = chunk.choices?.[0]?.finish_reason ?? reason;
        this.#report(answer);
        this.onChange(answer);
        if (bottom) this.#log.scrollTop = this.#log.scrollHeight;
      }
      answer.end(reason);
    } catch (error) {
      if (signal.aborted) return answer.stop();
      answer.fail(error.message);
      this.say(error.message, true);
      this.#abort.abort(); // what is wrong for one answer is for the next
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 401) this.onKeyWanted();
    }
  }

  #body(turn, method) {
    const messages = [];
    for (const { question, answers } of this.#turns.slice(0, this.#turns.indexOf(turn))) {
      messages.push({ role: "user", content: question }, { role: "assistant", content: answers[0].text });
    }
    messages.push({ role: "user", content: turn.question });
    if (turn.text) messages[0].content = `${turn.text}\n\n${messages[0].content}`;
    const dynsplit = { method, choices: true };
    const budget = byId("budget").value.trim();
    if (budget && method !== FULL) dynsplit.budget = budget;
    return {
      messages,
      dynsplit,
      stream: true,
      max_tokens: byId("max-tokens").valueAsNumber,
      temperature: byId("temperature").valueAsNumber,
    };
  }

  #report(answer) {
    const { read, promptTokens, cached } = answer.trace;
    if (answer.state === "writing") return this.say("Writing…");
    const kept = cached > 0 ? `, ${count(cached)} kept from before` : "";
    this.say(`Reading ${count(read)} of ${count(promptTokens)} tokens${kept}`);
  }

  #sum(answers) {
    if (answers.some((answer) => answer.state === "stopped")) return this.say("Stopped.");
    const each = answers.map(({ writingSpeed }) => (writingSpeed ? rate(writingSpeed) : "")).filter(Boolean);
    this.say(each.length ? `Done: ${each.join(" against ")}.` : "Done.");
  }

  #offerAgain(turn) {
    const again = element("button", { type: "button", className: "again quiet" }, "Answer again");
    again.addEventListener("click", () => this.again());
    turn.box.after(again);
  }
}

