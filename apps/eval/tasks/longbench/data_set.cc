#include "apps/eval/tasks/longbench/data_set.h"

#include <algorithm>
#include <array>

namespace dynsplit::eval {
namespace {

constexpr std::string_view kPassages =
    "Answer the question from the passages below. Give the answer only, and no other words.\n\n"
    "Passages:";
constexpr std::string_view kAfterPassages =
    "Answer the question from the passages above. Give the answer only, and no other words.\n\n"
    "Question: {input}";

constexpr std::array<LongBenchSet, 18> kSets = {{
    {"narrativeqa", "prose",
     "Below is a story, a novel or the script of a film, and then a question. Answer as briefly as "
     "you can, with a single phrase where possible, and explain nothing.\n\nStory:",
     "Answer the question about the story as briefly as you can, with a single phrase where "
     "possible, and explain nothing.\n\nQuestion: {input}",
     "Answer:", Metric::kF1, 128},
    {"qasper", "prose",
     "Below is a scientific article, and then a question. Answer as briefly as you can, with a "
     "phrase or a sentence. Where the article does not say, write \"unanswerable\"; answer a "
     "yes/no "
     "question with \"yes\", \"no\" or \"unanswerable\". Explain nothing.\n\nArticle:",
     "Answer the question about the article as briefly as you can, with a phrase or a sentence. "
     "Where the article does not say, write \"unanswerable\"; answer a yes/no question with "
     "\"yes\", \"no\" or \"unanswerable\". Explain nothing.\n\nQuestion: {input}",
     "Answer:", Metric::kF1, 128},
    {"multifieldqa_en", "prose", "Read this text and answer briefly.",
     "Answer the question from the text above. Give the answer only, and no other words.\n\n"
     "Question: {input}",
     "Answer:", Metric::kF1, 64},
    {"hotpotqa", "prose", kPassages, kAfterPassages, "Answer:", Metric::kF1, 32},
    {"2wikimqa", "prose", kPassages, kAfterPassages, "Answer:", Metric::kF1, 32},
    {"musique", "prose", kPassages, kAfterPassages, "Answer:", Metric::kF1, 32},
    {"gov_report", "prose",
     "Below is a report by a government agency. Write a summary of one page.\n\nReport:",
     "Write a summary of the report, of one page.", "Summary:", Metric::kRougeL, 512},
    {"qmsum", "dialogue",
     "Below is the transcript of a meeting, and then a query. Answer it in one or more "
     "sentences.\n\nTranscript:",
     "Answer the query about the meeting in one or more sentences.\n\nQuery: {input}",
     "Answer:", Metric::kRougeL, 512},
    {"multi_news", "prose",
     "Below are several news passages. Write a summary of all of them, of one page.\n\nNews:",
     "Write a summary of all the news, of one page.", "Summary:", Metric::kRougeL, 512},
    {"trec", "prose", "Name the type of the last question. Examples of questions come first.",
     "{input}", "Type:", Metric::kAccuracy, 64, true},
    {"triviaqa", "prose",
     "Answer the question from its passage. Give the answer only, and no other words. Examples "
     "come first.",
     "{input}", "Answer:", Metric::kF1, 32, true},
    {"samsum", "dialogue",
     "Summarize the last dialogue in a few short sentences. Examples come first.", "{input}",
     "Summary:", Metric::kRougeL, 128, true},
    {"lsht", "prose", "请判断最后一篇新闻的类别，先看一些例子。", "{input}", "类别：",
     Metric::kAccuracy, 64, true},
    {"passage_count", "prose",
     "Below are paragraphs from Wikipedia, some of them more than once. Read them and find out how "
     "many different paragraphs there are.",
     "How many different paragraphs are there, not counting repetitions? Give the number only, "
     "such as 1, 2 or 3.",
     "The final answer is:", Metric::kCount, 32},
    {"passage_retrieval_en", "prose",
     "Below are 30 paragraphs from Wikipedia, and then an abstract of one of them. Find out which.",
     "The abstract:\n\n{input}\n\nWhich paragraph is it an abstract of? Answer in the form "
     "\"Paragraph 1\", \"Paragraph 2\" and so on.",
     "The answer is:", Metric::kRetrieval, 32},
    {"passage_retrieval_zh", "prose", "下面是若干段落和其中一段的摘要，请找出摘要出自哪一段。",
     "摘要：\n\n{input}\n\n摘要出自哪一段？请按\"段落1\"、\"段落2\"的格式回答。", "答案是：",
     Metric::kRetrieval, 32},
    {"lcc", "code", "Complete this code.", "Write the next line of the code.", "", Metric::kEdit,
     64},
    {"repobench-p", "code", "Complete the code at the end. Files it uses come first.",
     "{input}\nWrite the next line of the code.", "", Metric::kEdit, 64},
}};

constexpr LongBenchSet kOther = {
    "", "prose", "Read this text.", "{input}", "Answer:", Metric::kContainsAny, 64};

constexpr std::array<std::string_view, 3> kChineseWords = {"multifieldqa_zh", "dureader", "vcsum"};

std::string_view WithoutE(std::string_view name) {
  return name.ends_with("_e") ? name.substr(0, name.size() - 2) : name;
}

}  // namespace

const LongBenchSet& FindLongBenchSet(std::string_view name) {
  const auto at = std::find_if(kSets.begin(), kSets.end(),
                               [&](const LongBenchSet& set) { return set.name == WithoutE(name); });
  return at == kSets.end() ? kOther : *at;
}

bool NeedsChineseWords(std::string_view name) {
  return std::find(kChineseWords.begin(), kChineseWords.end(), WithoutE(name)) !=
         kChineseWords.end();
}

}  // namespace dynsplit::eval
