"""Entry for ``streamlit run`` in a clone; ``rag serve`` starts the same pages anywhere."""

from rag_app.ui.app import main

main()
