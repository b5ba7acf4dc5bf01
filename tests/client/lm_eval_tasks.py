"""The tasks of lm_eval.sh, and what a small model must reach in them.

    lm_eval_tasks.py FOLDER          writes the tasks
    lm_eval_tasks.py FOLDER check    looks at the results
"""

import json
import pathlib
import sys

# The right word is so likely that 135M parameters know it; the others are no less common.
CHOICES = [
    ("The capital of France is", [" Paris", " bread", " seven"], 0),
    ("The opposite of hot is", [" paper", " cold", " Monday"], 1),
    ("One, two, three,", [" green", " house", " four"], 2),
    ("Monday, Tuesday,", [" Wednesday", " apple", " quickly"], 0),
    ("The sun rises in the", [" shoe", " east", " ninety"], 1),
    ("Cats and", [" dogs", " equations", " Wednesday"], 0),
    ("Once upon a", [" carbon", " time", " Berlin"], 1),
    ("She opened the door and walked", [" blue", " twelve", " in"], 2),
]
LEAST_RIGHT = 0.75  # guessing gives a third
QUESTIONS = ["Say hello.", "What is your name?", "Count to three.", "Name a colour."]

CHOICES_TASK = """task: dynsplit_choices
dataset_path: json
dataset_kwargs:
  data_files:
    test: {folder}/choices.jsonl
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{text}}}}"
doc_to_choice: "{{{{choices}}}}"
doc_to_target: label
target_delimiter: ""
metric_list:
  - metric: acc
"""
ANSWERS_TASK = """task: dynsplit_answers
dataset_path: json
dataset_kwargs:
  data_files:
    test: {folder}/answers.jsonl
test_split: test
output_type: generate_until
doc_to_text: "{{{{question}}}}"
doc_to_target: "."
generation_kwargs:
  until: ["\\n\\n"]
  max_gen_toks: 12
metric_list:
  - metric: exact_match
"""


def write(folder):
    with open(folder / "choices.jsonl", "w", encoding="utf-8") as file:
        for text, choices, label in CHOICES:
            file.write(json.dumps({"text": text, "choices": choices, "label": label}) + "\n")
    with open(folder / "answers.jsonl", "w", encoding="utf-8") as file:
        for question in QUESTIONS:
            file.write(json.dumps({"question": question}) + "\n")
    (folder / "choices.yaml").write_text(CHOICES_TASK.format(folder=folder))
    (folder / "answers.yaml").write_text(ANSWERS_TASK.format(folder=folder))


def results(folder, task):
    files = list((folder / task).rglob("results_*.json"))
    assert len(files) == 1, f"{task}: {len(files)} files of results"
    return json.loads(files[0].read_text())


def check(folder):
    choices = results(folder, "dynsplit_choices")
    right = choices["results"]["dynsplit_choices"]["acc,none"]
    assert right >= LEAST_RIGHT, f"dynsplit_choices: {right} right, wanted {LEAST_RIGHT}"
    answers = results(folder, "dynsplit_answers")
    asked = answers["n-samples"]["dynsplit_answers"]["effective"]
    assert asked == len(QUESTIONS), f"dynsplit_answers: {asked} answers"
    print(f"choices: {right:.0%} right; answers: {asked} written")


if __name__ == "__main__":
    target = pathlib.Path(sys.argv[1]).resolve()
    if sys.argv[2:] == ["check"]:
        check(target)
    else:
        write(target)
