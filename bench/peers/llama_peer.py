"""libllama through llama-cpp-python's low-level API: the oracle of the golden files and the peer of
the benchmarks. Needs the interpreter that setup_peer.sh makes. Not thread safe: one context at a time.
"""

import ctypes
import os
import pathlib

import llama_cpp as llama
import numpy as np

BATCH_TOKENS = 512  # n_batch and n_ubatch: as many as dynsplit puts into one pass
KV_TYPES = {"f32": 0, "f16": 1, "q4_0": 2, "q8_0": 8}  # enum ggml_type
FTYPE_F16 = 1  # enum llama_ftype
ROPE_SCALINGS = {"none": 0, "linear": 1, "yarn": 2}  # enum llama_rope_scaling_type


@llama.llama_log_callback
def _drop_log(level, text, user):
    pass


llama.llama_log_set(_drop_log, ctypes.c_void_p(0))
llama.llama_backend_init()


def build():
    """Version and instruction sets of the library, as one line."""
    features = llama.llama_print_system_info().decode()
    on = [part.split("=")[0].strip() for part in features.replace("CPU :", "").split("|") if "= 1" in part]
    return f"libllama of llama-cpp-python {llama.__version__} ({' '.join(on)})"


def model_path(name):
    """A known name's file in the cache, or `name` itself where it is a path."""
    if name.endswith(".gguf"):
        return name
    home = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
    cache = pathlib.Path(os.environ.get("DYNSPLIT_CACHE", home / "dynsplit"))
    return str(pathlib.Path(os.environ.get("DYNSPLIT_MODELS", cache / "models")) / f"{name}.gguf")


def widen(model, path):
    """Writes the model with every matrix as f16, which neither engine rounds its activations for."""
    params = llama.llama_model_quantize_default_params()
    params.ftype = FTYPE_F16
    params.allow_requantize = True
    if llama.llama_model_quantize(model_path(model).encode(), path.encode(), params) != 0:
        raise SystemExit(f"{model}: libllama cannot widen it to {path}")


class Peer:
    """A model with one context: sequence 0, and 1 for a while in feed_apart."""

    def __init__(self, model, context_tokens, kv_type="f16", flash_attention=True, threads=2,
                 rope_scaling=None, rope_factor=1.0):
        path = model_path(model)
        self._model = llama.llama_model_load_from_file(
            path.encode(), llama.llama_model_default_params())
        if not self._model:
            raise SystemExit(f"{path}: libllama cannot load it")
        params = llama.llama_context_default_params()
        params.n_ctx = context_tokens
        params.n_batch = params.n_ubatch = BATCH_TOKENS
        params.n_seq_max, params.kv_unified = 2, True
        params.n_threads = params.n_threads_batch = threads
        params.type_k = params.type_v = KV_TYPES[kv_type]
        params.flash_attn_type = int(flash_attention)
        if rope_scaling is not None:  # else as the file says
            params.rope_scaling_type = ROPE_SCALINGS[rope_scaling]
            params.rope_freq_scale = 1.0 / rope_factor
        self._context = llama.llama_init_from_model(self._model, params)
        if not self._context:
            raise SystemExit(f"{path}: libllama makes no context of {context_tokens} tokens")
        self._memory = llama.llama_get_memory(self._context)
        self._vocab = llama.llama_model_get_vocab(self._model)
        self.vocab_size = llama.llama_vocab_n_tokens(self._vocab)
        self.position = 0

    def close(self):
        llama.llama_free(self._context)
        llama.llama_model_free(self._model)

    def tokenize(self, text, add_special=False, parse_special=False):
        encoded = text.encode()
        ids = (ctypes.c_int32 * (len(encoded) + 8))()
        count = llama.llama_tokenize(
            self._vocab, encoded, len(encoded), ids, len(ids), add_special, parse_special)
        return list(ids[:count])

    def detokenize(self, ids):
        buffer = ctypes.create_string_buffer(1024)
        text = b""
        for token in ids:
            length = llama.llama_token_to_piece(self._vocab, token, buffer, 1024, 0, True)
            text += buffer.raw[:length]
        return text.decode(errors="replace")

    def ends(self, token):
        return llama.llama_vocab_is_eog(self._vocab, token)

    def chat(self, question):
        """The ids of one user turn in the model's own chat template, the assistant's turn begun; of the
        question alone where it has no template."""
        template = llama.llama_model_chat_template(self._model, None)
        if not template:
            return self.tokenize(question, add_special=True)
        messages = (llama.llama_chat_message * 1)(
            llama.llama_chat_message(role=b"user", content=question.encode()))
        buffer = ctypes.create_string_buffer(4 * len(question.encode()) + 4096)
        length = llama.llama_chat_apply_template(template, messages, 1, True, buffer, len(buffer))
        if length < 0:
            raise SystemExit("libllama does not know this model's chat template")
        return self.tokenize(buffer.raw[:length].decode(), add_special=True, parse_special=True)

    def truncate(self, position):
        """Forgets the tokens from `position` on."""
        llama.llama_memory_seq_rm(self._memory, 0, position, -1)
        self.position = position

    def feed(self, ids, all_logits=False):
        """Appends tokens in batches of BATCH_TOKENS. Returns logits f32 [len(ids) or 1, vocab_size]:
        every row, or the last token's."""
        rows = []
        for start in range(0, len(ids), BATCH_TOKENS):
            part = ids[start:start + BATCH_TOKENS]
            last = start + len(part) == len(ids)
            rows_wanted = len(part) if all_logits else int(last)
            self._decode(part, rows_wanted)
            if rows_wanted:
                logits = llama.llama_get_logits(self._context)
                rows.append(np.ctypeslib.as_array(logits, (rows_wanted, self.vocab_size)).copy())
        return np.concatenate(rows)

    def feed_apart(self, ids):
        """Appends tokens in batches that see nothing before them. Their keys and values are no
        text's, but with flash attention, which skips what is masked, there are as many of them in a time that is
        linear in the context."""
        for start in range(0, len(ids), BATCH_TOKENS):
            self._decode(ids[start:start + BATCH_TOKENS], 0, sequence=1)
            llama.llama_memory_seq_cp(self._memory, 1, 0, -1, -1)
            llama.llama_memory_seq_rm(self._memory, 1, -1, -1)

    def step(self, token):
        """Appends one token and leaves its logits in libllama: the cheapest call, to be timed."""
        one = (ctypes.c_int32 * 1)(token)
        if llama.llama_decode(self._context, llama.llama_batch_get_one(one, 1)) != 0:
            raise SystemExit(f"llama_decode fails at position {self.position}")
        self.position += 1

    def _decode(self, ids, rows_wanted, sequence=0):
        batch = llama.llama_batch_init(len(ids), 0, 1)
        batch.n_tokens = len(ids)
        for i, token in enumerate(ids):
            batch.token[i] = token
            batch.pos[i] = self.position + i
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = sequence
            batch.logits[i] = i >= len(ids) - rows_wanted
        status = llama.llama_decode(self._context, batch)
        llama.llama_batch_free(batch)
        if status != 0:
            raise SystemExit(f"llama_decode gives {status} at position {self.position}")
        self.position += len(ids)


def log_softmax(logits):
    """f64 [..., vocab_size]."""
    logits = logits.astype(np.float64)
    shifted = logits - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
