"""A spot of a take is mended: a take of its own with its lineage, asked for with a mask and words."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from story_engine import flows
from story_engine.domain.edit import Edit
from story_engine.domain.resolve import resolve
from story_engine.errors import ChooseAnother, FixInput, InstallOrDownload
from story_engine.formats.infotext import infotext
from story_engine.store.layout import Layout
from tests.story_engine.flows.test_vary import STORY, asked, paint, services, write
from tests.story_engine.inference.small_kolors import publish_small_kolors
from tests.story_engine.kolors.small_adapters import publish_inpainting

__all__ = ["services"]


def brushed(*box: int, size: tuple[int, int] = (256, 256)) -> bytes:
    mask = Image.new("RGBA", size)
    if box:
        mask.paste((224, 36, 94, 255), box)
    content = io.BytesIO()
    mask.save(content, "PNG")
    return content.getvalue()


def test_a_mended_take_keeps_the_scenes_recipe_and_says_picture_mask_and_words(services):
    services.stories.edit(STORY, [Edit(scene=None, field="style", value="ink painting", seen="")])
    take = paint(services, "s1")

    items = asked(
        services,
        flows.mend.mend(services, STORY, "s1", take.id, mask=brushed(9, 9, 80, 90), words="a red hat", takes=2),
    )

    mend = items[0].recipe.mend
    assert [(item.recipe.seed, item.parent, item.number) for item in items] == [(6, take.id, 1), (7, take.id, 2)]
    assert items[0].recipe.from_noise == take.recipe.model_copy(update={"seed": 6})
    assert (mend.prompt, mend.reference) == ("ink painting, a red hat", take.picture_sha256)
    assert mend.side == services.families()[take.recipe.family].least_spot == 256
    mask = np.asarray(services.references.mask(mend.mask))
    assert (mask[9:90, 9:80] == 255).all() and (mask > 0).sum() == 71 * 81
    before = mend.model_copy(update={"side": 0})
    assert items[0].recipe.model_copy(update={"mend": before}).digest != items[0].recipe.digest
    text = infotext(items[0].recipe, story=STORY, scene="s1")
    assert mend.mask in text and "a red hat" in text and text.startswith(take.recipe.prompt)


def test_a_mended_take_is_current_picked_mended_once_more_and_varied_like_any_other(services):
    take = paint(services, "s1")
    ask = {"mask": brushed(9, 9, 80, 90), "words": "a red hat"}
    (item,) = asked(services, flows.mend.mend(services, STORY, "s1", take.id, **ask))
    mended = paint(services, "s1", item.recipe, number=1, colour="red")
    flows.takes.pick(services, STORY, "s1", mended.id)

    panel = flows.panels.open_story(services, STORY).board.panels[0]
    assert panel.chosen.take.id == mended.id and panel.chosen.is_current and not panel.changed
    (again,) = asked(services, flows.mend.mend(services, STORY, "s1", mended.id, **ask))
    assert again.parent == mended.id and again.recipe.mend.reference == mended.picture_sha256
    (varied,) = asked(services, flows.vary.vary(services, STORY, "s1", mended.id, strength=0.4))
    assert varied.recipe.mend is None and varied.recipe.prompt == take.recipe.prompt

    token = services.takes.delete(STORY, "s1", mended.id)
    assert services.takes.restore(token) == mended
    write(services, "prompt", "a black kitten", scene="s1")
    assert flows.panels.open_story(services, STORY).board.panels[0].changed == ("text",)


def test_a_network_for_inpainting_paints_where_it_is_here_or_is_asked_for(services):
    layout = Layout.of(services.config)
    publish_small_kolors(layout)
    story, kolors = services.stories.load(STORY), services.families()["kolors"]
    take = paint(services, "s1", resolve(story, story.scene("s1"), 0, family=kolors, loras={}))
    spot = Image.new("RGBA", (take.recipe.width, take.recipe.height))
    spot.paste((224, 36, 94, 255), (90, 90, 400, 500))
    content = io.BytesIO()
    spot.save(content, "PNG")

    def mended(**how):
        submitted = flows.mend.mend(services, STORY, "s1", take.id, mask=content.getvalue(), words="a red hat", **how)
        (item,) = asked(services, submitted)
        return item.recipe.mend.inpainting, item.recipe.mend.strength

    offer = flows.mend.inpainting_of(services, "kolors")
    assert (offer.state, offer.package) == ("missing", "kolors-inpainting")
    assert mended() == ("", flows.mend.STRENGTH)
    with pytest.raises(InstallOrDownload, match="Download it in Settings"):
        mended(inpainting=True)

    publish_inpainting(layout)
    here = services.families()["kolors"].inpainting
    assert flows.mend.inpainting_of(services, "kolors").state == "ready" and len(here) == 64
    assert mended() == (here, flows.mend.INPAINTING_STRENGTH)
    assert mended(inpainting=False) == ("", flows.mend.STRENGTH)
    assert mended(inpainting=True, strength=0.5) == (here, 0.5)


def test_a_family_without_a_network_for_inpainting_says_so(services):
    take = paint(services, "s1")

    assert {flows.mend.inpainting_of(services, name).state for name in ("preview", "nobody's")} == {"none"}
    with pytest.raises(ChooseAnother, match="no network for inpainting"):
        flows.mend.mend(services, STORY, "s1", take.id, mask=brushed(9, 9, 80, 90), words="a red hat", inpainting=True)
    assert services.ledger.jobs() == ()


def test_what_cannot_be_mended_is_refused_before_anything_is_queued(services):
    take = paint(services, "s1")
    spot = brushed(9, 9, 80, 90)
    for mask, words, said in (
        (brushed(), "a hat", "Nothing is painted"),
        (brushed(0, 0, 256, 256), "a hat", "whole picture"),
        (brushed(9, 9, 20, 20, size=(128, 128)), "a hat", "128x128"),
        (b"no mask", "a hat", "did not arrive"),
        (spot, "  ", "Say what is to be there"),
        (spot, "x" * 501, "501"),
    ):
        with pytest.raises(FixInput, match=said):
            flows.mend.mend(services, STORY, "s1", take.id, mask=mask, words=words)
    with pytest.raises(FixInput, match="strength"):
        flows.mend.mend(services, STORY, "s1", take.id, mask=spot, words="a hat", strength=7.0)
    with pytest.raises(ChooseAnother):
        flows.mend.mend(services, STORY, "s1", "0" * 32, mask=spot, words="a hat")
    assert services.ledger.jobs() == ()
