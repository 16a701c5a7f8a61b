import json

from story_engine.domain.control import ControlPart
from story_engine.domain.recipe import Mend, Start
from story_engine.jobs.cluster.members import Member, held
from story_engine.jobs.cluster.needs import needs_of
from story_engine.jobs.cluster.parcels import Card
from tests.story_engine.store.test_takes import a_recipe


def a_member(*, families=None, adapters=None, tokens=1, is_shared=False):
    card = Card(machine="gpu-1", tokens=tokens, families=families or {}, adapters=adapters or {}, is_shared=is_shared)
    return Member("tls://gpu-1:1", card)


def a_render(**fields):
    return json.dumps(
        {"kind": "render", "items": [{"scene": "s", "recipe": a_recipe(**fields).model_dump(mode="json")}]}
    )


def test_a_worker_is_given_a_family_only_where_it_has_exactly_those_weights():
    needs = needs_of("render", a_render(family="kolors", weights_hash="1" * 64), 1)

    assert a_member(families={"kolors": "1" * 64}).can(needs)
    assert not a_member(families={"kolors": "2" * 64}).can(needs)
    assert not a_member(families={"preview": "1" * 64}).can(needs)


def test_a_worker_is_given_adapters_and_inpainting_only_where_it_has_exactly_those_weights():
    base = {"kolors": "1" * 64}
    lines = ControlPart(kind="edges", picture="d" * 64, weights_hash="2" * 64, weight=0.7)
    spot = Mend(reference="e" * 64, mask="f" * 64, prompt="a hat", strength=0.9, inpainting="3" * 64)
    for fields, name, weights in (
        ({"controls": (lines,)}, "kolors edges", "2" * 64),
        ({"mend": spot}, "kolors inpainting", "3" * 64),
    ):
        needs = needs_of("render", a_render(family="kolors", weights_hash="1" * 64, **fields), 1)

        assert a_member(families=base, adapters={name: weights}).can(needs)
        assert not a_member(families=base, adapters={name: "4" * 64}).can(needs)
        assert not a_member(families=base).can(needs)
        without = held(needs, [a_member(families=base).card])
        assert (without.code, name in without.values["family"]) == ("cluster.no_weights", True)


def test_what_only_a_gpu_paints_so_is_asked_of_a_gpu():
    assert needs_of("render", a_render(precision="float16"), 1).is_for_gpu
    assert needs_of("render", a_render(precision="float32", noise="device:cuda"), 1).is_for_gpu
    assert not needs_of("render", a_render(precision="float32", noise="device:cpu"), 1).is_for_gpu


def test_only_a_worker_that_sees_the_workspace_is_given_what_works_on_its_folders():
    training = needs_of("train", "{}", 2)

    assert a_member(tokens=2, is_shared=True).can(training)
    assert not a_member(tokens=1, is_shared=True).can(training)
    assert not a_member(tokens=2).can(training)
    assert not a_member(is_shared=True).can(needs_of("upload", "{}", 1)), "its token lies in this machine's memory"


def test_a_specification_that_cannot_be_read_needs_nothing_so_that_whoever_does_it_says_what_is_wrong():
    for spec in ("", "[]", '{"items": 3}', '{"items": [3]}', '{"items": [{"recipe": {"family": 3, "loras": [1]}}]}'):
        assert needs_of("render", spec, 1).families == ()


def test_a_worker_that_dask_says_has_died_has_no_room_before_it_leaves_the_list():
    member = a_member(tokens=2)
    assert member.free == 2
    member.missed = 1
    assert member.free == 0


def test_pictures_that_recipes_begin_with_travel_along():
    start = Start(reference="a" * 64, strength=0.5)

    assert needs_of("render", a_render(start=start), 1).references == ("a" * 64,)
    assert needs_of("render", a_render(), 1).references == ()
