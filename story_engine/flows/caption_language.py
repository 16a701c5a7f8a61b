"""Captions in the language of the story that the LoRA is for; sample sets have them in both."""

from __future__ import annotations

from story_engine.domain.captions import MARKS, has_trigger_in_front, triggered
from story_engine.domain.picture_import import SAMPLE_STYLES
from story_engine.flows.dataset_view import training_pictures
from story_engine.flows.services import Services


def can_change(services: Services, name: str, language: str) -> bool:
    """Whether most captions of the dataset are a sample set's own, and known in this language ("zh" or "en") too."""
    known, trigger = _in_other_words(language), services.datasets.load(name).trigger
    captions = [_without_trigger(picture.caption, trigger) for picture in training_pictures(services, name)]
    return 2 * sum(caption in known for caption in captions) > len(captions)


def change(services: Services, name: str, language: str) -> int:
    """Write a sample set's own captions in the other language, in one step that can be taken back; how many changed.

    The trigger word stays in front where it was; captions that somebody wrote stay as they are.
    """
    known, trigger = _in_other_words(language), services.datasets.load(name).trigger

    def rewrite(caption: str) -> str:
        text = known.get(_without_trigger(caption, trigger))
        if text is None:
            return caption
        return triggered(trigger)(text) if has_trigger_in_front(caption, trigger) else text

    return services.captions.rewrite_captions(name, None, rewrite, action="language")


def _in_other_words(language: str) -> dict[str, str]:
    """The sample sets' captions in the other language → in this one."""
    from story_engine.jobs.imports.sample_pictures import captions  # the drawing code loads for a second

    other = "en" if language == "zh" else "zh"
    return {
        before: after
        for style in SAMPLE_STYLES
        for before, after in zip(captions(style, language=other), captions(style, language=language), strict=True)
    }


def _without_trigger(caption: str, trigger: str) -> str:
    text = caption.strip()
    if not has_trigger_in_front(text, trigger):
        return text
    return text[len(trigger.strip()) :].lstrip(f" {MARKS}")
