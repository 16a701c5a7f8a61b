"""What a LoRA file is: names, shapes, tensors, alpha; examined, mended, written for other tools. Imports torch."""
