"""Verdict: a run in one sentence, by a written rule, with the rule's numbers and what to try next.

"Overfitting" is a verdict, not a positive gap: validation error above its lowest by more than twice its ±, three epochs
running, while training error falls. A rule with one ±, or one that only asks whether the gap grows, accuses healthy
runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.experiment import Experiment
from core.text import Text
from core.training.alarms import Alarm
from core.training.epochs import epoch_text
from core.training.suggestions import Suggestion, suggestions
from core.training.trend import TIMES_UNCERTAINTY, UPDATES_AT_GUESS, Trend, uncertainty

if TYPE_CHECKING:
    from core.training.evaluation import Evaluation, Score

OVER = ("finished", "stopped", "failed", "interrupted")
"""States of a run that has ended without diverging."""

RULES = {
    "untrained": Text("No update has been done: these are the errors of the first weights."),
    "pretraining": Text(
        "Hidden layers are pre-trained one at a time. The network as a whole is judged from its fine-tuning on."
    ),
    "learning": Text(
        "None of the other verdicts has held for three epochs running. (Overfitting is said when validation error is "
        "above its lowest by more than twice its ± for three epochs running while training error falls.)"
    ),
    "gap_grows": Text(
        "For three epochs running the gap was more than twice the ± of the validation error, and validation error "
        "had its lowest value within the last three epochs or the last tenth of the run."
    ),
    "overfitting": Text(
        "Validation error above its lowest by more than twice its ±, at the end of three epochs running, while "
        "training error is below its value at that lowest point, or at 0. It is taken back when another verdict has "
        "held for three epochs running."
    ),
    "not_learning": Text(
        "At the end of three epochs running, and after at least {updates} updates, training error was no more than a "
        "twentieth below the error of guessing.",
        updates=UPDATES_AT_GUESS,
    ),
    "plateau": Text(
        "For the last third of the epochs, five at least, neither training nor validation error has moved by more than "
        "twice its ±, and the lowest validation error lies before them."
    ),
    "diverged": Text("A loss or a gradient was not a finite number. The weights are those before that update."),
    "finished": Text("All planned updates are done or the run was ended, and no other verdict holds."),
}


@dataclass(frozen=True)
class Status:
    """A run in words: `verdict` is a key of RULES; `numbers` are what the rule looked at, label and value.

    `alarms` say what is wrong with its gradients and units, each by a rule of its own; `told` is what the narrator
    says, as `core.training.narrator_record.told` words it.
    """

    verdict: str
    text: Text
    more: Text | None
    numbers: tuple[tuple[Text, Text], ...]
    suggestions: tuple[Suggestion, ...]
    alarms: tuple[Alarm, ...] = ()
    told: tuple[Mapping[str, Text], ...] = ()

    @property
    def rule(self) -> Text:
        """The rule behind the verdict."""
        return RULES[self.verdict]

    def to_meta(self) -> dict[str, Any]:
        """The `status` of the live page."""
        return {
            "verdict": self.verdict,
            "text": self.text,
            "more": _joined([*([self.more] if self.more else []), *(alarm.text for alarm in self.alarms)]),
            "rule": _joined([self.rule, *(alarm.rule for alarm in self.alarms)]),
            "numbers": [[label, value] for rows in (self, *self.alarms) for label, value in rows.numbers],
            "suggestions": [item.to_meta() for item in self.suggestions],
            "alarms": [alarm.to_meta() for alarm in self.alarms],
            "told": list(self.told),
        }


def status(
    experiment: Experiment,
    trend: Trend,
    *,
    state: str = "running",
    reason: Text | None = None,
    restored: Evaluation | None = None,
    alarms: tuple[Alarm, ...] = (),
    told: tuple[Mapping[str, Text], ...] = (),
) -> Status:
    """The status of a run of `experiment` whose evaluations are in `trend`.

    `state` is the run's; `reason` says why it ended; `restored` is the evaluation whose weights early stopping brought
    back, None when the run ended with its last weights; `alarms` are those of its latest update; `told` is what the
    narrator says by now, in words.
    """
    verdict = _verdict(trend, state, restored)
    return Status(
        verdict,
        _sentence(verdict, trend, state, reason, restored),
        _more(verdict, trend),
        tuple(_numbers(trend)),
        suggestions("thrown" if verdict == "not_learning" and trend.is_thrown else verdict, experiment),
        alarms,
        told,
    )


def _verdict(trend: Trend, state: str, restored: Evaluation | None) -> str:
    latest = trend.latest
    if state == "diverged":
        return "diverged"
    if latest is None or latest.step == 0:
        return "finished" if state in OVER else "untrained"
    if restored is not None:
        return "finished"
    # What advises to go on is no verdict on a run that is over.
    return "finished" if trend.verdict in ("pretraining", "learning", "gap_grows") and state in OVER else trend.verdict


# -- words ------------------------------------------------------------------------------------------------------------


def error_text(score: Score) -> Text:
    """An error as people read it: percent for classes, the relative error itself for regression."""
    if score.wrong is None:
        return Text("{value:.3g}", value=score.error)
    return Text("{value:.1f} %", value=100 * score.error)


def uncertainty_text(score: Score) -> Text:
    """The ± behind an error, in its unit.

    Where none or all are wrong the binomial ± is 0, as if it were certain; then it is how far Wilson's interval
    of one standard error reaches, 1 / (n + 1). The rules keep the binomial one: what they say was measured with it.
    """
    if score.wrong is None:
        return Text("{value:.2g}", value=uncertainty(score))
    return Text("{value:.1f}", value=100 * (uncertainty(score) or 1 / (score.num + 1)))


def _joined(sentences: list[Text]) -> Text | None:
    """Several sentences as one text; None where there are none."""
    if len(sentences) < 2:
        return sentences[0] if sentences else None
    return Text("{first} {second}", first=sentences[0], second=_joined(sentences[1:]))


def points_text(task: str, difference: float) -> Text:
    """A difference of two errors: of shares of wrong answers in percentage points."""
    if task == "regression":
        return Text("{value:.3g}", value=difference)
    return Text("{value} points", value=f"{100 * difference:z.1f}".replace("-", "−"))


def _guess_text(trend: Trend) -> Text:
    guess = trend.guess_error or 0.0
    return Text("{value:.3g}", value=guess) if trend.task == "regression" else Text("{value:.1f} %", value=100 * guess)


def _sentence(verdict: str, trend: Trend, state: str, reason: Text | None, restored: Evaluation | None) -> Text:
    latest, lowest = trend.latest, trend.lowest
    if verdict == "diverged":
        return Text("Diverged. {reason}", reason=reason or RULES["diverged"])
    if latest is None or lowest is None:
        return Text("Ended before anything was measured.") if verdict == "finished" else Text("Not measured yet.")
    shown = restored or latest
    values: dict[str, Any] = {
        "now": error_text(shown.validation),
        "uncertainty": uncertainty_text(shown.validation),
        "train": error_text(shown.train),
        "lowest": error_text(lowest.validation),
        "epoch": epoch_text(lowest.epoch),
    }
    if verdict == "untrained":
        if trend.guess_error is None:
            return Text("Untrained. Validation error {now} ± {uncertainty}.", **_only(values, "now", "uncertainty"))
        values = {**_only(values, "now", "uncertainty"), "guess": _guess_text(trend)}
        return Text("Untrained. Validation error {now} ± {uncertainty}; guessing gives {guess}.", **values)
    if verdict == "pretraining":
        return Text(
            "Pre-training: until epoch {until} one hidden layer learns at a time. The network as a whole still "
            "answers with layers that nobody has trained: validation error {now} ± {uncertainty}.",
            **_only(values, "now", "uncertainty"),
            until=epoch_text(trend.since),
        )
    if verdict == "overfitting":
        return _overfitting(trend, values)
    if verdict == "not_learning":
        return _not_learning(trend, latest)
    if verdict == "gap_grows":
        return Text(
            "The gap grows, validation still improves: go on. Validation error {now} ± {uncertainty}, lowest at epoch "
            "{epoch} ({lowest}); training error {train}.",
            **values,
        )
    if verdict == "plateau":
        return Text(
            "Nothing moves any more: validation error stays at {now} ± {uncertainty}, training error at {train}. "
            "Validation error was lowest at epoch {epoch} ({lowest}).",
            **values,
        )
    if verdict == "learning" and trend.is_at_guess:
        return Text(
            "No better than guessing yet: validation error {now} ± {uncertainty}, training error {train}; guessing "
            "gives {guess}.",
            **_only(values, "now", "uncertainty", "train"),
            guess=_guess_text(trend),
        )
    if verdict == "learning":
        return Text(
            "Learning. Validation error {now} ± {uncertainty}, lowest so far at epoch {epoch} ({lowest}); training "
            "error {train}.",
            **values,
        )
    return _ended(values, shown, state, reason, restored is not None)


def _overfitting(trend: Trend, values: dict[str, Any]) -> Text:
    if trend.epochs_above:
        return Text(
            "Overfitting. Validation error was lowest at epoch {epoch} ({lowest}); now {now}, more than twice its "
            "uncertainty ({uncertainty}) above, for {count} epochs running, training error {train}.",
            **values,
            count=trend.epochs_above,
        )
    return Text(
        "Overfitting. Validation error was lowest at epoch {epoch} ({lowest}) and then, for three epochs running, "
        "more than twice its uncertainty above; now {now} ± {uncertainty}, training error {train}.",
        **values,
    )


def _not_learning(trend: Trend, latest: Evaluation) -> Text:
    values = {"count": trend.epochs_at_guess, "train": error_text(latest.train), "guess": _guess_text(trend)}
    if not trend.has_lost:
        return Text(
            "Not learning. Training error has stayed at the guessing line for {count} epochs: {train}, and guessing "
            "gives {guess}.",
            **values,
        )
    return Text(
        "What was learned is lost. For {count} epochs training error has been back at the guessing line: {train}, and "
        "guessing gives {guess}.",
        **values,
    )


def _ended(values: dict[str, Any], shown: Evaluation, state: str, reason: Text | None, is_restored: bool) -> Text:
    if is_restored:
        back = Text(
            "Finished. The weights of epoch {epoch}, whose validation error was lowest, are back.",
            epoch=epoch_text(shown.epoch),
        )
        return Text(
            "{reason} Validation error {now} ± {uncertainty}, training error {train}.",
            **_only(values, "now", "uncertainty", "train"),
            reason=reason or back,
        )
    if state == "finished":
        return Text(
            "Finished. Validation error {now} ± {uncertainty}, lowest at epoch {epoch} ({lowest}); training error "
            "{train}.",
            **values,
        )
    ended = Text("Ended at epoch {epoch}.", epoch=epoch_text(shown.epoch))
    return Text(
        "{reason} Validation error {now} ± {uncertainty}, lowest at epoch {epoch} ({lowest}); training error {train}.",
        **values,
        reason=reason or ended,
    )


def _only(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: values[name] for name in names}


def _more(verdict: str, trend: Trend) -> Text | None:
    """A second sentence, where the loss or the guessing line says more than the error."""
    latest, lowest = trend.latest, trend.lowest_loss
    if latest is None or lowest is None or verdict in ("diverged", "untrained"):
        return None
    if trend.task == "regression" and latest.validation.error > 1 + TIMES_UNCERTAINTY * uncertainty(latest.validation):
        return Text("On validation samples it is worse than always predicting the mean (1).")
    if verdict == "overfitting" and latest.validation.loss > 1.5 * lowest.validation.loss:
        return Text(
            "Loss tells it louder: validation loss {lowest:.3g} at epoch {epoch}, now {now:.3g}.",
            lowest=lowest.validation.loss,
            epoch=epoch_text(lowest.epoch),
            now=latest.validation.loss,
        )
    return None


def _numbers(trend: Trend) -> list[tuple[Text, Text]]:
    latest, lowest = trend.latest, trend.lowest
    if latest is None or lowest is None:
        return []
    rise = latest.validation.error - lowest.validation.error
    rows = [
        (Text("training error"), _with_count(latest.train)),
        (Text("validation error"), _with_count(latest.validation)),
        (Text("its ±"), uncertainty_text(latest.validation)),
        (
            Text("lowest validation error"),
            Text("{error} at epoch {epoch}", error=error_text(lowest.validation), epoch=epoch_text(lowest.epoch)),
        ),
        (Text("training error there"), error_text(lowest.train)),
        (Text("above its lowest"), points_text(trend.task, rise)),
        (Text("twice its ±"), points_text(trend.task, TIMES_UNCERTAINTY * uncertainty(latest.validation))),
        (Text("epochs running above, training error falling"), Text("{count}", count=trend.epochs_above)),
        (Text("gap"), points_text(trend.task, latest.gap)),
    ]
    if trend.guess_error is not None:
        rows.append((Text("guessing"), _guess_text(trend)))
        rows.append((Text("epochs running at the guessing line"), Text("{count}", count=trend.epochs_at_guess)))
    return rows


def _with_count(score: Score) -> Text:
    if score.wrong is None:
        return error_text(score)
    return Text("{error} ({wrong} of {num} wrong)", error=error_text(score), wrong=score.wrong, num=score.num)
