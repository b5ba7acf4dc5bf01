#!/usr/bin/env python3
"""Makes the golden files of vocabularies whose models are too large to have here: small ones,
trained on the golden strings, and the ids that libllama gives with them.

    make_vocabularies.py train        writes bpe.gguf, sentencepiece.gguf and unigram.gguf
    make_vocabularies.py encode       writes <case>.ids.gz for each of CASES

train needs gguf 0.19.0, tokenizers 0.23.3, sentencepiece 0.2.3 and protobuf; encode needs gguf and
llama-cpp-python 0.3.36. All files are in vocabularies/. Line n of an .ids.gz file belongs to the nth of
the chosen lines of tokens/strings.txt (see make_tokens.py): those whose number, from 0, leaves 0, 1 or
2 when divided by 7, which are more than 2,000. The committed ids are those of the libllama in xllamacpp
2026.10.11549, which gives SmolLM2's ids in tokens/ too.

The merges of bpe.gguf know no words: a text cut at another place than libllama cuts it gives other
ids. Some of its tokens are words that no merge gives, for vocabularies that ignore merges.
"""

import collections
import gzip
import io
import pathlib
import re
import sys
import tempfile

import gguf
from make_tokens import SENTENCES, SPECIAL, tokenize_all

HERE = pathlib.Path(__file__).parent
OUT = HERE / "vocabularies"

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
USER_DEFINED_TEXTS = ["<tool_call>", "</tool_call>", "<b>", "</code>", "\n\n\n"]
CONTROL_TEXTS = [text for text in SPECIAL if text not in USER_DEFINED_TEXTS and not text.startswith("<0x")]

# name: (vocabulary, keys that differ from those of the file)
CASES = {
    **{pre: ("bpe", {"tokenizer.ggml.pre": pre})
       for pre in ["gpt-2", "smollm", "llama-bpe", "dbrx", "qwen2", "tekken", "gpt-4o", "falcon",
                   "deepseek-llm", "deepseek-coder", "deepseek-v3", "default"]},
    "sentencepiece": ("sentencepiece", {}),
    "sentencepiece-bare": ("sentencepiece", {"tokenizer.ggml.add_bos_token": False,
                                             "tokenizer.ggml.add_eos_token": True,
                                             "tokenizer.ggml.add_space_prefix": False}),
    "phi-3": ("sentencepiece", {"general.name": "Phi-3 mini"}),
    "unigram": ("unigram", {"tokenizer.ggml.add_space_prefix": True,
                            "tokenizer.ggml.remove_extra_whitespaces": True}),
    "unigram-bare": ("unigram", {}),
}

# Rules of normalisation, as "from -> to" in code points: a few of NFKC's, of one and several characters.
NORMALISATION = {
    "\ufb01": "fi", "\ufb00": "ff", "\u00bd": "1\u20442", "\u00b2": "2", "\u2167": "VIII", "\u3000": " ", "\u00a0": " ",
    "\t": " ", "\n": " ", "\r\n": " ", "e\u0301": "\u00e9", "a\u0308": "\u00e4", "\uff76\uff9e": "\u30ac",
    "\uff76": "\u30ab", "\u2026": "...", "\u201c": '"', "\u201d": '"', "\u200b": " ",
    **{chr(0xFF01 + i): chr(0x21 + i) for i in range(94)},
}


def golden_strings():
    """(flags, bytes) of the chosen lines."""
    lines = (HERE / "tokens" / "strings.txt").read_text().splitlines()
    chosen = [line for i, line in enumerate(lines) if i % 7 < 3]
    unescape = lambda m: bytes([int(m[1], 16)])
    return [(int(line[0]), re.sub(rb"\\(..)", unescape, line[2:].encode())) for line in chosen]


def texts():
    """What vocabularies are trained on: nothing that holds a special token, which is to be one of its own."""
    decoded = [data.decode(errors="ignore") for _, data in golden_strings()]
    return [text for text in decoded if not any(special in text for special in SPECIAL)]


class Vocabulary:
    """Tokens with scores and types, to be written as a GGUF file."""

    def __init__(self, model):
        self.keys = {"general.architecture": "llama", "general.name": "trained", "tokenizer.ggml.model": model}
        self.tokens, self.scores, self.types, self.merges, self.charsmap = [], [], [], [], None

    def add(self, text, kind=NORMAL, score=0.0):
        self.tokens.append(text)
        self.types.append(kind)
        self.scores.append(score)

    def write(self, path):
        writer = gguf.GGUFWriter(path, "llama")
        for key, value in self.keys.items():
            if key == "general.architecture":
                continue
            add = {bool: writer.add_bool, int: writer.add_uint32, str: writer.add_string}[type(value)]
            add(key, value)
        writer.add_token_list([text.encode() for text in self.tokens])
        writer.add_token_types(self.types)
        if self.merges:
            writer.add_token_merges(self.merges)
        else:
            writer.add_token_scores(self.scores)
        if self.charsmap:
            writer.add_precompiled_charsmap(self.charsmap)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.close()


def train_bpe():
    import tokenizers
    model = tokenizers.Tokenizer(tokenizers.models.BPE())
    model.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=3200, max_token_length=10, show_progress=False,
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet())
    model.train_from_iterator(texts(), trainer)
    import json
    trained = json.loads(model.to_str())["model"]
    v = Vocabulary("gpt2")
    for text, _ in sorted(trained["vocab"].items(), key=lambda item: item[1]):
        v.add(text)
    v.merges = [" ".join(merge) for merge in trained["merges"]]
    words = collections.Counter(word for text in texts() for word in re.findall(r" ?[A-Za-z]{4,}", text))
    for word, _ in words.most_common(400):
        if word.replace(" ", "Ġ") not in v.tokens:
            v.add(word.replace(" ", "Ġ"))
    for text in CONTROL_TEXTS:
        v.add(text, CONTROL)
    for text in USER_DEFINED_TEXTS:
        v.add(text, USER_DEFINED)
    v.keys |= {"tokenizer.ggml.bos_token_id": v.tokens.index("<s>"),
               "tokenizer.ggml.eos_token_id": v.tokens.index("</s>")}
    v.write(OUT / "bpe.gguf")


def plain_texts():
    """Without the strings of random characters, each of which would have to be a piece."""
    return [text for text in texts() if text and max(text) < "\u0530"] + SENTENCES


def train_sentencepiece(model_type, **options):
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(plain_texts()), model_writer=out, model_type=model_type, vocab_size=2000,
        character_coverage=0.98, user_defined_symbols=USER_DEFINED_TEXTS, minloglevel=2, num_threads=1,
        split_by_unicode_script=False, split_by_number=False, split_digits=False, max_sentencepiece_length=12,
        **options)
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(out.getvalue())
    return proto


def add_pieces(proto, v):
    # The types of SentencePiece are those of GGUF.
    for piece in proto.pieces:
        v.add(piece.piece, piece.type, piece.score)
    for text in CONTROL_TEXTS:
        if text not in v.tokens:
            v.add(text, CONTROL)


def train_bpe_pieces():
    v = Vocabulary("llama")
    proto = train_sentencepiece("bpe", byte_fallback=True, normalization_rule_name="identity",
                                remove_extra_whitespaces=False)
    add_pieces(proto, v)
    v.keys |= {"tokenizer.ggml.bos_token_id": 1, "tokenizer.ggml.eos_token_id": 2,
               "tokenizer.ggml.unknown_token_id": 0}
    v.write(OUT / "sentencepiece.gguf")


def train_unigram():
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as rules:
        for source, target in NORMALISATION.items():
            rules.write("\t".join(" ".join(f"{ord(c):X}" for c in part) for part in (source, target)) + "\n")
        rules.flush()
        proto = train_sentencepiece("unigram", normalization_rule_tsv=rules.name, pad_id=0, eos_id=1, unk_id=2,
                                    bos_id=-1)
    v = Vocabulary("t5")
    add_pieces(proto, v)
    v.charsmap = proto.normalizer_spec.precompiled_charsmap
    v.keys |= {"tokenizer.ggml.eos_token_id": 1, "tokenizer.ggml.unknown_token_id": 2,
               "tokenizer.ggml.padding_token_id": 0}
    v.write(OUT / "unigram.gguf")


def read(path):
    reader = gguf.GGUFReader(path)
    value = lambda name: reader.fields[name].contents() if name in reader.fields else []
    v = Vocabulary(value("tokenizer.ggml.model"))
    listed = {"tokens": "tokens", "scores": "scores", "types": "token_type", "merges": "merges"}
    for attribute, name in listed.items():
        setattr(v, attribute, value("tokenizer.ggml." + name))
    v.charsmap = bytes(b & 0xFF for b in value("tokenizer.ggml.precompiled_charsmap"))
    for name in reader.fields:
        if name.endswith("_token_id"):
            v.keys[name] = int(value(name))
    return v


def encode():
    strings = golden_strings()
    for name, (base, keys) in CASES.items():
        v = read(OUT / f"{base}.gguf")
        v.keys |= keys
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "vocabulary.gguf")
            v.write(path)
            lines = [" ".join(map(str, ids)) + "\n" for ids in tokenize_all(path, strings)]
        (OUT / f"{name}.ids.gz").write_bytes(gzip.compress("".join(lines).encode(), 9, mtime=0))
        print(name, len(lines), "strings", file=sys.stderr)


def main():
    OUT.mkdir(exist_ok=True)
    if sys.argv[1:] == ["train"]:
        train_bpe()
        train_bpe_pieces()
        train_unigram()
    elif sys.argv[1:] == ["encode"]:
        encode()
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
