"""Entry for ``streamlit run`` in a clone; ``rag serve`` starts the same pages anywhere."""

from rag_app.ui.app import main
from rag_app.ui.launch import ask_nobody_for_this_address

ask_nobody_for_this_address()
main()
