"""How the shipped weights of preview model and preview scorer were made, and the judges that measure them."""
