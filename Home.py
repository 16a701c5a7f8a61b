"""The shelf of stories: open, create, duplicate, rename, delete; what the machine can do and what it is doing.

`streamlit run Home.py` first imports this file by its name, for the server, and then runs it as a script, for the page.
"""

from __future__ import annotations

import streamlit as st

if __name__ == "Home":
    from pages.parts.shared import class_guard, early_imports, picture_route, served_paths, server_guard
    from pages.parts.shared.lightbox import route as lightbox_route
    from pages.parts.story.presentation import route as slide_route

    early_imports.begin()
    served = (picture_route, lightbox_route, slide_route)
    app = st.App(
        __file__,
        routes=served_paths.under_base([route for each in served for route in each.routes()]),
        middleware=[*server_guard.middleware(), *class_guard.middleware()],
    )
else:
    from pages.parts.home import bring, shelf
    from pages.parts.shared import frame, live, machine_line

    with frame.page("home"):
        stories = shelf.read()
        shelf.draw_head(stories)
        machine_line.draw()
        bring.draw()
        live.follow(quiet=True)
        shelf.draw(stories)
