// How alike two texts are, by the measures that LongBench (Bai et al. 2023) publishes its scores
// in, each equal to the Python package it takes them from. Bytes above 127 are compared as they
// are: lower case and punctuation are ASCII's. Every function is pure and may be called from
// several threads at once.
#pragma once

#include <string_view>

namespace dynsplit::eval {

// F1 of the words of both texts, counted as often as they occur, after SQuAD's normalisation: lower
// case, no punctuation, no articles (a, an, the). 0 where they share no word.
double TokenF1(std::string_view answer, std::string_view expected);

// ROUGE-L of the package `rouge` 1.0.1 at the level of summaries: sentences end at full stops, and
// different words count, not occurrences. F with equal weights. 0 where a text has no sentence.
// Cost: product of the lengths in words, 4 bytes each for the longest pair of sentences.
double RougeL(std::string_view answer, std::string_view expected);

// fuzzywuzzy's ratio over python-Levenshtein: 2 M / (length of both) with M the longest common
// subsequence of characters, rounded to hundredths. 0 where a text is empty. Cost: product of the
// lengths.
double EditSimilarity(std::string_view answer, std::string_view expected);

}  // namespace dynsplit::eval
