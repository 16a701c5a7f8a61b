"""What a component of our own is given, in a form that Streamlit passes on as it is."""

from __future__ import annotations


def given(**values: object) -> tuple[dict[str, object]]:
    """`data` for a component; in JavaScript, `const [data] = component.data`.

    Streamlit looks into a plain dictionary for tables, and imports pandas and pyarrow to know one: half a second of
    the first visit, and 60 MB for the life of the server.
    """
    return (values,)
