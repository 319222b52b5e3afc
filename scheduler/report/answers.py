"""What was pressed across the calls of a campaign, question by question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from scheduler.report.foreign_text import message

#: Different questions, and different answers to one, that are counted: a file may be anybody's.
MOST_QUESTIONS = 50
MOST_DIFFERENT = 1_000
#: Of one question, so many different answers are shown.
MOST_SHOWN = 20

_LONGEST_NAME = 64
_LONGEST_KEYS = 40

#: In the place of keys.
NOTHING = "(nothing)"


def pressed(keys: str, *, numbers: bool) -> str:
    """Return keys as a page may show them; a phone number among them is masked unless asked."""
    return message(keys, _LONGEST_KEYS, numbers=numbers) if keys else NOTHING


def answers_in(answers: Mapping[str, str], *, numbers: bool) -> list[tuple[str, str]]:
    """Return the questions of one call, each with what was pressed."""
    return [
        (message(name, _LONGEST_NAME, numbers=True), pressed(keys, numbers=numbers))
        for name, keys in list(answers.items())[:MOST_QUESTIONS]
    ]


@dataclass(slots=True)
class Question:
    """How often each answer was given to one question."""

    calls: int = 0  #: in which it was asked
    given: Counter[str] = field(default_factory=Counter)

    def add(self, keys: str) -> None:
        """Take the answer of one call."""
        self.calls += 1
        keys = keys[:_LONGEST_KEYS]
        if keys in self.given or len(self.given) < MOST_DIFFERENT:
            self.given[keys] += 1

    @property
    def most_frequent(self) -> list[tuple[str, int]]:
        """Answers with the numbers of their calls; of equal ones what was met first."""
        return self.given.most_common(MOST_SHOWN)

    @property
    def others(self) -> int:
        """In how many calls another answer was given."""
        return self.calls - sum(calls for _, calls in self.most_frequent)


@dataclass(slots=True)
class Answers:
    """What was pressed in all calls."""

    numbers: bool = False  #: whether whole phone numbers may be shown
    questions: dict[str, Question] = field(default_factory=dict)

    def add(self, answers: Mapping[str, str]) -> None:
        """Take those of one call."""
        for written, keys in answers.items():
            name = written[:_LONGEST_NAME]
            if name in self.questions or len(self.questions) < MOST_QUESTIONS:
                self.questions.setdefault(name, Question()).add(keys)

    def __iter__(self) -> Iterator[tuple[str, list[tuple[str, int]], int]]:
        """Yield each question with its answers and their calls, and the calls of all others."""
        for name, question in self.questions.items():
            shown = Counter[str]()
            for keys, calls in question.most_frequent:
                shown[pressed(keys, numbers=self.numbers)] += calls
            yield message(name, _LONGEST_NAME, numbers=True), list(shown.items()), question.others

    def as_record(self) -> list[dict[str, object]]:
        """Return them as JSON has them."""
        return [
            {
                "question": name,
                "answers": [
                    {"keys": "" if keys == NOTHING else keys, "calls": calls}
                    for keys, calls in given
                ],
                "others": others,
            }
            for name, given, others in self
        ]
