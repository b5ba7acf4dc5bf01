// What is told of one answer: the prompt, its blocks, and for each piece of the answer what every
// layer and KV head attended to. No elements here. docs/server.md, "What the model looked at".

export class Trace {
  prompt = new Uint8Array(); // UTF-8: blocks say where in it they lie
  promptTokens = 0;
  read = 0; // of these
  cached = 0;
  sink = 0;
  recent = 0;
  blocks = [];
  pieces = []; // {text, attended, layers}; layers null: everything was attended to; undefined: not told
  importance = [];
  stats = null;
  numTokens = 0;
  times = []; // for each block: how often a layer and head chose it, over all pieces

  // A chunk of the stream.
  add(chunk) {
    const told = chunk.dynsplit ?? {};
    if (told.prompt_tokens !== undefined) this.#open(told);
    if (told.read !== undefined) this.read = told.read;
    if (told.importance) this.importance = told.importance;
    if (told.blocks) this.blocks.push(...told.blocks);
    if (told.stats) this.stats = told.stats;
    const text = chunk.choices?.[0]?.delta?.content ?? "";
    for (const token of told.tokens ?? []) this.#count(token);
    if (text) this.#addPiece(text, told.tokens?.at(-1));
  }

  get numLayers() {
    return this.pieces.find((piece) => piece.layers)?.layers.length ?? 0;
  }

  get numHeads() {
    return this.pieces.find((piece) => piece.layers)?.layers[0].length ?? 0;
  }

  textOf(block) {
    return new TextDecoder().decode(this.prompt.subarray(block.byte, block.byte + block.bytes));
  }

  // How often each block was chosen: by a piece (null: by all), a layer and a head (-1: all).
  timesOf({ piece = null, layer = -1, head = -1 } = {}) {
    if (piece === null && layer < 0 && head < 0) return this.times;
    const times = new Array(this.blocks.length).fill(0);
    for (const { layers } of piece === null ? this.pieces : [this.pieces[piece]]) {
      layers?.forEach((heads, l) => {
        if (layer >= 0 && l !== layer) return;
        heads.forEach((pairs, h) => {
          if (pairs === null || (head >= 0 && h !== head)) return;
          for (let i = 0; i < pairs.length; i += 2) ++times[pairs[i]];
        });
      });
    }
    return times;
  }

  // Tokens that each layer chose for a piece, the mean over its heads that do choose; null where all
  // of them attend to everything.
  chosenByLayer(piece, head = -1) {
    return (this.pieces[piece].layers ?? []).map((heads) => {
      const choosing = heads.filter((pairs, h) => pairs !== null && (head < 0 || h === head));
      const sums = choosing.map((pairs) => pairs.reduce((sum, n, i) => (i % 2 ? sum + n : sum), 0));
      return sums.length > 0 ? sums.reduce((a, b) => a + b, 0) / sums.length : null;
    });
  }

  // Of those that choose blocks at all.
  numChoosers(piece, { layer = -1, head = -1 }) {
    return (this.pieces[piece].layers ?? []).reduce((sum, heads, l) =>
      sum + heads.filter((pairs, h) =>
        pairs !== null && (layer < 0 || l === layer) && (head < 0 || h === head)).length, 0);
  }

  #open(told) {
    this.promptTokens = told.prompt_tokens;
    this.cached = told.read;
    this.sink = told.sink;
    this.recent = told.recent;
    this.prompt = new TextEncoder().encode(told.prompt ?? "");
  }

  #count(token) {
    ++this.numTokens;
    for (const heads of token.layers ?? []) {
      for (const pairs of heads) {
        for (let i = 0; pairs !== null && i < pairs.length; i += 2) {
          this.times[pairs[i]] = (this.times[pairs[i]] ?? 0) + 1;
        }
      }
    }
  }

  // A character may take several tokens: the last of them stands for the piece.
  #addPiece(text, token) {
    const compact = (pairs) => pairs && Uint32Array.from(pairs);
    this.pieces.push({
      text,
      attended: token?.attended_tokens ?? 0,
      layers: token?.layers ? token.layers.map((heads) => heads.map(compact)) : token?.layers,
    });
  }
}
