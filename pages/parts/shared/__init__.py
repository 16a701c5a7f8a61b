"""What several pages share: engine access, language, look, notices, text fields."""
