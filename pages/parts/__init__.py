"""What the pages share: with the page scripts, the only code that imports streamlit and knows session_state."""
