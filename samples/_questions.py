"""The questions about the sample; every second in them is filled in from the story's schedule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from _story import Span, lines_saying

Record = dict[str, str | list[str] | list[list[float]]]


@dataclass(frozen=True)
class Question:
    """One question; its evidence is the names of the spans in which the answer can be found."""

    kind: str
    sense: str
    question: str
    answer: str
    evidence: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


SIGN = ("harbor", "rescue")
BLACK = ("black_first", "black_second")
CAPTAIN = lines_saying("captain")

WHEN = (
    Question("when", "picture", "When does the screen turn red?", "{red.clock}", ("red",)),
    Question("when", "speech", "When do we hear how old the keeper is?", "{age.clock}", ("age",)),
    Question(
        "when",
        "screen",
        "At what moment does the board with the departures come up?",
        "{departures.clock}",
        ("departures",),
    ),
    Question("when", "screen", "When can the name SEA ROSE be read?", "{boat.clock}", ("boat",)),
    Question(
        "when",
        "speech",
        "When is it said that lightning hit the tower?",
        "{lightning.clock}",
        ("lightning",),
    ),
    Question(
        "when",
        "sound",
        "When does the longest stretch without any sound begin?",
        "{silence.clock}",
        ("silence",),
    ),
    Question(
        "when",
        "picture",
        "When is the screen completely black for the second time?",
        "{black_second.clock}",
        ("black_second",),
    ),
)

SAID = (
    Question("who", "speech", "Who keeps the lighthouse?", "Mary Baker", ("keeper",)),
    Question("what", "speech", "What is her dog called?", "Captain", ("dog",)),
    Question("what", "speech", "What did she find in the bottle?", "a letter", ("bottle",)),
    Question("who", "speech", "By whom was the letter written?", "a young sailor", ("sailor",)),
    Question(
        "what",
        "speech",
        "Why did the lamp go dark?",
        "because lightning hit the tower",
        ("lightning",),
    ),
    Question(
        "what",
        "speech",
        "What did Mary use for repairing the lamp?",
        "a piece of copper wire",
        ("wire",),
    ),
    Question(
        "what",
        "speech",
        "Why is the doctor travelling home?",
        "because her daughter is sick",
        ("doctor",),
    ),
    Question("what", "speech", "What did they find when the box was opened?", "gold coins", ("box",)),
    Question("what", "speech", "How tall is the tower?", "thirty meters", ("tower",)),
    Question("what", "speech", "From which direction did the storm come?", "the north", ("north",)),
)

SHOWN = (
    Question("who", "screen", "Who is the director?", "Ada Lorenz", ("credits_first",)),
    Question("who", "screen", "Who made the music?", "Tom Field", ("credits_second",)),
    Question(
        "what",
        "screen",
        "According to the letter on the screen, where is the key hidden?",
        "under the old bridge",
        ("letter",),
    ),
    Question(
        "what",
        "screen",
        "Which pier does the departure board give for Port Ellen?",
        "Pier 2",
        ("departures",),
    ),
    Question("what", "screen", "Which trip on the board was cancelled?", "Old Town", ("departures",)),
    Question(
        "what",
        "screen",
        "What should you mind, according to the sign?",
        "MIND YOUR HEAD",
        ("stairs",),
    ),
    Question("what", "screen", "Which date is on the kitchen calendar?", "12 June", ("kitchen",)),
)

COUNT = (
    Question(
        "count",
        "screen",
        "How many times does the sign 'NORTH HARBOR' appear on screen?",
        str(len(SIGN)),
        SIGN,
    ),
    Question("count", "picture", "How many times does the screen turn black?", str(len(BLACK)), BLACK),
    Question("count", "speech", "How many boats are out in the morning?", "3", ("boats",)),
    Question("count", "speech", "How many steps does Mary climb daily?", "200", ("steps",)),
    Question("count", "speech", "How many sailors were saved?", "2", ("saved",)),
    Question(
        "count",
        "speech",
        "How many times is the word 'captain' spoken?",
        str(len(CAPTAIN)),
        CAPTAIN,
    ),
)

DURATION = (
    Question("duration", "picture", "How long does the screen stay red?", "{red.length}", ("red",)),
    Question(
        "duration",
        "screen",
        "How long is 'MIND YOUR HEAD' on screen?",
        "{stairs.length}",
        ("stairs",),
    ),
    Question(
        "duration",
        "screen",
        "For how long can we read 'THE ISLAND WINS'?",
        "{winner.length}",
        ("winner",),
    ),
    Question("duration", "speech", "How long did the storm last?", "five hours", ("lasted",)),
    Question(
        "duration",
        "picture",
        "How long does the first black stretch take?",
        "{black_first.length}",
        ("black_first",),
    ),
)

ORDER = (
    Question(
        "order",
        "screen",
        "Which comes first: the departure board or the boat SEA ROSE?",
        "the boat SEA ROSE",
        ("boat", "departures"),
    ),
    Question(
        "order",
        "picture",
        "Is the red screen before or after the words LIFEBOAT LAUNCH?",
        "before",
        ("red", "countdown"),
    ),
    Question(
        "order",
        "speech",
        "What is mentioned first: the copper wire or the green bottle?",
        "the green bottle",
        ("bottle", "wire"),
    ),
)

YES_OR_NO = (
    Question("yesno", "speech", "Does anybody mention a whale?", "no"),
    Question("yesno", "speech", "Does the keeper live with a dog?", "yes", ("age",)),
    Question("yesno", "speech", "Was anybody hurt?", "no", ("saved",)),
    Question("yesno", "screen", "Does a rowing race take place?", "yes", ("race",)),
)

CHOICE = (
    Question(
        "choice",
        "speech",
        "At what time does the ferry leave?",
        "C",
        ("ferry",),
        ("at seven", "at eight", "at nine", "at ten"),
    ),
    Question(
        "choice",
        "speech",
        "What colour is the bottle?",
        "B",
        ("bottle",),
        ("blue", "green", "brown", "clear"),
    ),
    Question(
        "choice",
        "speech",
        "What is sold at the market?",
        "A",
        ("apples",),
        ("apples", "fish", "bread", "flowers"),
    ),
    Question(
        "choice",
        "screen",
        "Who is named as the editor in the credits?",
        "D",
        ("credits_second",),
        ("Peter Moss", "Iris Vale", "Nina Holt", "Hugo Brandt"),
    ),
    Question(
        "choice",
        "speech",
        "What does Mary drink in the morning?",
        "C",
        ("coffee",),
        ("tea", "milk", "coffee", "water"),
    ),
)

SUMMARY = (
    Question(
        "summary",
        "speech",
        "What is the video about?",
        "A day in the life of the lighthouse keeper Mary Baker and her dog Captain: she finds a "
        "letter in a bottle, a storm puts out the lamp, sailors are saved, the lamp is repaired "
        "and the key of the letter opens a box of gold coins.",
    ),
)

NEGATIVE = tuple(
    Question("negative", sense, question, "not found")
    for sense, question in (
        ("speech", "What is the name of Mary's brother?"),
        ("picture", "When does the helicopter land?"),
        ("screen", "Which phone number is shown on screen?"),
        ("speech", "How much does a train ticket cost?"),
    )
)

QUESTIONS = (
    *WHEN, *SAID, *SHOWN, *COUNT, *DURATION, *ORDER, *YES_OR_NO, *CHOICE, *SUMMARY, *NEGATIVE,
)  # fmt: skip


def records(video: str, spans: Mapping[str, Span]) -> Iterator[Record]:
    """Every question as one JSON object, with true seconds."""
    for number, question in enumerate(QUESTIONS, start=1):
        yield {"id": f"sq{number:03d}", "video": video, **_record(question, spans)}


def _record(question: Question, spans: Mapping[str, Span]) -> Record:
    options: Record = {"options": list(question.options)} if question.options else {}
    return {
        "kind": question.kind,
        "question": question.question,
        **options,
        "answer": question.answer.format_map(spans),
        "evidence_s": [_seconds(spans[name]) for name in question.evidence],
        "sense": question.sense,
    }


def _seconds(span: Span) -> list[float]:
    return [round(span.start_s, 2), round(span.end_s, 2)]
