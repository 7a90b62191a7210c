"""Asking: questions to videos of one library, by models that are loaded once however many questions there are."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..index.learning import pictures_learnt, sounds_learnt, texts_learnt
from ..index.library import Library
from ..index.memory import Memory
from ..index.videos import Videos
from ..index.watching import Watch, unwatched
from ..tools.models.device import Device
from ..tools.models.making import Models
from ..tools.models.temperature import TemperedModel
from ..tools.roles import FrameBudget, VideoModel
from ..tools.tracks import Tracks
from .answer import Answer
from .planner import ask
from .runs.recording import Asked, RecordedModels, Recorder
from .searching import SEARCHING, Searching
from .trace import traced
from .trial import KeptTrial, is_untrained
from .viewer import Viewer
from .viewing import Tell, tell_nobody


@dataclass(frozen=True)
class Asking:
    """What questions are answered with: a ``library``, ``models`` and a way of ``searching`` for them to look.

    ``watch`` sees how far a video has been read that is not remembered yet, and ``tell`` hears a video LLM's answer as
    it is written. Each question leaves a trace.
    """

    library: Library
    models: Models
    searching: Searching = SEARCHING
    watch: Watch = unwatched
    tell: Tell = tell_nobody

    def memory(self, name: str, tracks: Tracks | None = None, accepts_damage: bool = False) -> Memory:
        """The memory of a video by path, id or beginning of its title, read first where it is new.

        Raises what ``Videos.remembered`` raises.
        """
        videos = Videos(self.library, self.models, tracks or Tracks(), accepts_damage, self.watch)
        return Memory(self.library, videos.remembered(name))

    def answer(self, memory: Memory, asked: Asked) -> Answer:
        """The answer by all that was chosen, once the models know the video; with a trace of how it came about.

        Raises ``RequestError`` for a question that is none, and ``CapabilityError`` and ``ModelError`` where a model
        cannot be had or fails.
        """
        with traced(self.models.settings.runs) as trace:
            recorder = Recorder(trace)
            recorded = RecordedModels(self.models, recorder)
            pictures = pictures_learnt(self.library, recorded, memory.video, self.watch)
            meaning = texts_learnt(self.library, recorded, self.watch)
            sounds = sounds_learnt(self.library, recorded, memory.video, self.watch)
            # What was learnt up to here belongs to the memory, what models say from here on to the run.
            memory, engines = recorder.begin(memory, asked), self.models.engines()
            return ask(
                memory,
                asked.text,
                asked.options,
                asked.min_confidence,
                asked.within,
                meaning=meaning,
                session=recorder.session(memory, asked.session),
                pictures=pictures.embedder if pictures else None,
                sounds=sounds,
                spotter=recorded.spotter(),
                text_reader=recorder.text_reader(engines.reader),
                recognizer=recorder.recognizer(engines.recognizer),
                viewer=self._viewer(recorder),
                trace=recorder,
            )

    def _viewer(self, recorder: Recorder) -> Viewer | None:
        """The video LLM at work, None where the memory alone answers."""
        model = self.models.reader()
        if model is None:
            return None
        searching = replace(self.searching, detector=self.models.detector())
        tempered = TemperedModel(model, lambda: self.models.temperature(model))
        # On trial it has to answer as it is.
        return recorder.viewer(tempered, self._budget, lambda _: self._trial(model), searching, self.tell)

    def _budget(self, model: VideoModel) -> FrameBudget:
        return self.models.kept("budget", lambda: self.models.budget(model))

    def _trial(self, model: VideoModel) -> bool:
        return self.models.kept("is_untrained", lambda: self._is_untrained(model))

    def _is_untrained(self, model: VideoModel) -> bool:
        """What the trial of the reader comes to: one on this machine is put on it once, a server once a command."""
        place = self.models.choice("reader").place
        if place is None:
            # What a server calls a model may be another one tomorrow.
            return is_untrained(model)
        settings = self.models.settings
        return KeptTrial(settings.models, place, Device.named(settings.device).name).is_untrained(model)
