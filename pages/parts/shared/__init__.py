"""What several pages share: engine access, language, style, notices, fields."""
