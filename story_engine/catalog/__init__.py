"""What there is to work with: families, published files, devices, tokenizer, scorers. Never imports torch."""
