"""One quiet line: what this machine can do."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared.services import services
from pages.parts.shared.wording import family_title, plain, say
from story_engine import flows


def draw() -> None:
    """Device, model families, scorer."""
    machine = flows.machine.inspect(services())
    with st.container(key="machine-line", horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(plain(machine.device), icon=":material/memory:", color="gray")
        for family in machine.families:
            if family.ready:
                st.badge(
                    say("machine.ready", family=plain(family_title(family.name))),
                    icon=":material/check:",
                    color="green",
                )
            else:
                st.badge(
                    say("machine.not_here", family=plain(family_title(family.name))),
                    icon=":material/download:",
                    color="gray",
                )
        st.badge(say(f"machine.scorer.{machine.scorer}"), icon=":material/star:", color="gray")
