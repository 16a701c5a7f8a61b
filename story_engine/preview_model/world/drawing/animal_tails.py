"""Tails and wings: each from its root at the pen's origin, up and to the left."""

from __future__ import annotations

from story_engine.preview_model.world import Figure
from story_engine.preview_model.world.drawing.animal_heads import Coat
from story_engine.preview_model.world.drawing.canvas import Pen


def draw_tail(pen: Pen, figure: Figure, coat: Coat) -> None:
    """The subject's tail."""
    subject = figure.subject
    if subject == "cat":
        pen.line([(4, 0), (-20, -6), (-32, -32), (-24, -58)], coat.main, 13.0, is_smooth=True, outline=True)
        pen.line([(-26, -46), (-24, -58)], coat.dark, 13.0)
        pen.line([(-26, -16), (-29, -24)], coat.dark, 13.0)
    elif subject == "dog":
        pen.line([(4, 0), (-16, -12), (-22, -36)], coat.main, 13.0, is_smooth=True, outline=True)
    elif subject in ("rabbit", "panda"):
        pen.ellipse(-8, -2, 13, 12, coat.light if subject == "rabbit" else coat.main)
    elif subject == "fox":
        pen.curve([(6, 4), (-22, 6), (-46, -14), (-50, -52), (-34, -76), (-18, -48), (-6, -22)], coat.main)
        pen.curve([(-50, -44), (-49, -56), (-34, -76), (-22, -54), (-34, -50)], (255, 252, 246), outline=False)
    elif subject == "horse":
        pen.curve([(6, -8), (-18, -14), (-36, 6), (-38, 40), (-26, 46), (-16, 30), (-8, 12), (6, 8)], coat.dark)
    elif subject == "dragon":
        pen.curve([(8, -12), (-22, -6), (-40, -28), (-46, -52), (-54, -22), (-38, 8), (6, 14)], coat.main)
        pen.polygon([(-46, -46), (-60, -52), (-46, -74), (-34, -52)], coat.dark, width=3.0)


def draw_wing(pen: Pen, figure: Figure, coat: Coat) -> None:
    """A dragon's wing; nothing for the others."""
    if figure.subject != "dragon":
        return
    pen.polygon([(4, 6), (-14, -34), (-58, -46), (-54, -22), (-44, -26), (-40, -2), (-28, -10), (-22, 10)], coat.dark)
