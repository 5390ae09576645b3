"""Languages as the keyword index asks for them; see ``rag_app.types.languages``."""

from rag_app.types.languages import DEFAULT, STOP_WORDS, guess, is_stop_word, told

__all__ = ["DEFAULT", "STOP_WORDS", "guess", "is_stop_word", "told"]
