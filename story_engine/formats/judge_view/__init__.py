"""The judge view: one page that shows a story and how it was made, without a network."""
