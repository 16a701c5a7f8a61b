"""What a job waits for, in words."""

from pages.parts.shared.queue_panel import waits_for
from pages.parts.shared.wording import say
from story_engine.domain.job import OthersBefore, Queue


def test_in_a_class_the_next_job_of_ones_own_is_not_said_to_be_next_while_others_come_before_it():
    def said(**others):
        return waits_for(Queue(running=(), waiting=(), stopped=(), others=OthersBefore(**others)), 1)

    assert said(running=0, waiting=0) == waits_for(Queue(running=(), waiting=(), stopped=()), 1) == say("queue.is_next")
    assert said(running=2, waiting=0) == say("queue.others_run", n=2)
    assert said(running=1, waiting=3) == f"{say('queue.others_run', n=1)} · {say('queue.others_wait', n=3)}"
    assert said(running=1, waiting=0, trainings=1) == say("queue.others_train")
    assert "20" in said(running=1, waiting=0, trainings=1, training_seconds=1200.0)
