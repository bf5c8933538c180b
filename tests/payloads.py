"""Text that would run or change the page if it were taken for HTML, JavaScript, Markdown or a template; and where
people can leave it."""

from __future__ import annotations

from typing import NamedTuple

from core.lessons.capsule import same
from core.lessons.lesson import Lesson, Step
from core.lessons.own import OwnLessons
from core.lessons.question import Choice
from core.people import Person
from core.studies.comparison import Comparison
from core.studies.workbench import Workbench
from tests.experiments import POINTS, points
from tests.stored_runs import finished

PAYLOADS = (
    "<script>hacked=1</script>",
    "<SCRIPT SRC=//x.invalid/a.js></SCRIPT>",
    "<img src=x onerror=hacked=1>",
    '<img src="x" onerror="hacked=1">',
    "<svg onload=hacked=1>",
    "<svg><script>hacked=1</script></svg>",
    "<body onload=hacked=1>",
    "<iframe src=javascript:hacked=1>",
    "<iframe srcdoc='<script>hacked=1'>",
    "<a href=javascript:hacked=1>a</a>",
    "<a href='data:text/html,<script>'>b</a>",
    "<details open ontoggle=hacked=1>",
    "<input autofocus onfocus=hacked=1>",
    "<video><source onerror=hacked=1>",
    "<audio src=x onerror=hacked=1>",
    "<object data=javascript:hacked=1>",
    "<embed src=javascript:hacked=1>",
    "<form action=javascript:hacked=1><input>",
    "<math><mi xlink:href=javascript:a>c",
    "<style>*{display:none}</style>",
    "<link rel=stylesheet href=//x.invalid>",
    "<meta http-equiv=refresh content=0;/x>",
    "<base href=//x.invalid/>",
    "<marquee onstart=hacked=1>d",
    "<!--><img src=x onerror=hacked=1>",
    '"><img src=x onerror=hacked=1>',
    "'><img src=x onerror=hacked=1>",
    "';hacked=1;//",
    '");hacked=1;("',
    "</script><script>hacked=1</script>",
    "</textarea><img src=x onerror=hacked=1>",
    "javascript:hacked=1",
    "${hacked=1}{{hacked=1}}#{hacked=1}",
    "[e](javascript:hacked=1)",
    '![f](x"onerror=hacked=1)',
    "[g]: javascript:hacked=1",
    "**h** _i_ `j` ~~k~~ :red[l] $m$ # n",
    ":material/home: :smile: -> <- --",
    "{name} {0} %s %(n)s {count:d}",
    "&lt;script&gt; &#60;b&#62; \\u003ca",
)
"""Each fits into a person's name."""


class Left(NamedTuple):
    """Where the text was left."""

    people: tuple[Person, ...]
    teacher: Person
    run: str
    study: str
    lessons: tuple[str, ...]


def leave_everywhere(bench: Workbench, kinds: tuple[str, ...] = PAYLOADS) -> Left:
    """Leave text in every place that shows people's text, as if the class had typed it."""
    room = bench.room
    assert room is not None
    teacher = room.join(kinds[-1], room.teacher_key, "")
    people = tuple(room.join(text, room.code, str(place)) for place, text in enumerate(kinds))
    plain = points()
    for text, person in zip(kinds, people, strict=True):
        bench.store.create_run(
            actor=person.id, experiment=plain.to_json(), fingerprint=plain.fingerprint(), schema_version=plain.version,
            name=text, note=text,
        )  # fmt: skip
    run = finished(bench, points(epochs=1), actor=people[0].id, name=" ".join(kinds)[:200]).id
    bench.note(run, " ".join(kinds), actor=people[0].id)
    rates = [0.001 * (place + 1) for place in range(len(kinds))]
    document = {
        "base": {**POINTS, "epochs": 1},
        "variants": [
            {"name": text, "changes": {"optimizer.lr": rate}} for text, rate in zip(kinds, rates, strict=True)
        ],
        "name": " ".join(kinds)[:200],
    }
    study = bench.start_comparison(Comparison.from_json(document), actor=people[0].id, pace="max")
    bench.wait_comparison(study, 100)
    lessons = [lesson(kinds[first : first + 8], number) for number, first in enumerate(range(0, len(kinds), 8), 1)]
    own = OwnLessons(bench.folder.lessons)
    for one in lessons:
        own.put(one)
    return Left(people, teacher, run, study, tuple(one.key for one in lessons))


def lesson(texts: tuple[str, ...], number: int) -> Lesson:
    """A lesson whose title, texts, questions and answers are such text."""
    steps = [
        Step(
            preset="overfits_moons",
            text=same(text),
            question=Choice(kind="choice", text=same(text), choices=tuple(same(other) for other in texts[:6])),
        )
        for text in texts
    ]
    return Lesson(key=f"own-{number}", place=number, minutes=5, title=same(" ".join(texts)[:200]), steps=tuple(steps))
