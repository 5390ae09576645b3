"""The application: its pages, and what stands around each of them."""

from __future__ import annotations

import streamlit as st

from rag_app.ui import (
    chat,
    chroma_notice,
    compare_page,
    documents,
    map_page,
    models_page,
    settings_page,
    sidebar,
    state,
    style,
)
from rag_app.ui.problems import in_plain_words, show_kept
from rag_app.ui.resources import resources


def main() -> None:
    """Draws the page that the address names. Streamlit calls this on every interaction."""
    st.set_page_config(
        page_title=style.PRODUCT,
        page_icon=style.LOGO,
        layout="centered",
        menu_items={"About": f"**{style.PRODUCT}**  \n{style.PROMISE}"},
    )
    style.dress()
    pages = {
        "chat": st.Page(
            chat.page, title="Chat", icon=":material/forum:", url_path="chat", default=True
        ),
        "documents": st.Page(
            documents.page,
            title="Documents",
            icon=":material/library_books:",
            url_path="documents",
        ),
        "compare": st.Page(
            compare_page.page, title="Compare", icon=":material/balance:", url_path="compare"
        ),
        "map": st.Page(map_page.page, title="Map", icon=":material/scatter_plot:", url_path="map"),
        "models": st.Page(
            models_page.page, title="Models", icon=":material/deployed_code:", url_path="models"
        ),
        "settings": st.Page(
            settings_page.page, title="Settings", icon=":material/settings:", url_path="settings"
        ),
    }
    state.put(state.Key.PAGES, pages)
    page = st.navigation(list(pages.values()))
    with in_plain_words():
        shared = resources()
        sidebar.show(shared)
        chroma_notice.show(shared.settings)
        show_kept()
        page.run()


if __name__ == "__main__":
    main()
