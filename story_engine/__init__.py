"""The story engine: everything Story Studio does, without a page. Never imports streamlit."""
