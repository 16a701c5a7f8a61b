from benchmarks.preview_fidelity import asked_prompts


def test_a_set_of_prompts_is_always_the_same_and_another_number_is_another_set():
    usual, again, others = asked_prompts(60, None), asked_prompts(60, None), asked_prompts(60, None, others=1)

    assert usual == again
    assert not {one.prompt for one in usual} & {one.prompt for one in others}


def test_every_set_asks_for_every_place_equally_often_and_each_prompt_says_subject_place_and_style():
    for others in (0, 1):
        asked = [one.expected for one in asked_prompts(46, None, others=others)]

        assert all(each.subject and each.place and each.style for each in asked)
        counts = [sum(each.place == place for each in asked) for place in {each.place for each in asked}]
        assert max(counts) - min(counts) <= 1
