"""From ranked passages to an answer with checked quotations."""
