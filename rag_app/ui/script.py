"""What the pages do in the browser and Streamlit cannot: a script of their own."""

from __future__ import annotations

SCRIPT = r"""<script>
if (!window.askYourDocuments) {
  window.askYourDocuments = true;

  // A citation mark in an answer opens the same panel as the source's card below it.
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href*="#cite-"]');
    if (!link) return;
    event.preventDefault();
    const name = link.getAttribute("href").split("#").pop();
    const buttons = document.querySelectorAll(".st-key-" + name + " button");
    [...buttons].find((button) => button.offsetParent)?.click();
  }, true);

  // On a phone the sidebar covers the page: it closes when something was chosen in it.
  document.addEventListener("click", (event) => {
    const chosen = event.target.closest(
      '[data-testid="stSidebarNavLink"], [class*="st-key-open_"] button, .st-key-new_chat button'
    );
    if (!chosen || window.innerWidth > 768) return;
    setTimeout(() => {
      const close = document.querySelector('[data-testid="stSidebarCollapseButton"] button');
      if (close?.getAttribute("aria-expanded") === "true") close.click();
    }, 250);
  });

  // A new question comes to the top of the page, with room below it for its answer.
  let turn = null;
  new MutationObserver(() => {
    const last = [...document.querySelectorAll(".question")].pop();
    if (!last || last.dataset.turn === turn) return;
    turn = last.dataset.turn;
    // Only what scrolls is scrolled: scrollIntoView would shift the whole frame, head and all.
    const main = last.closest('[data-testid="stMain"]');
    const margin = parseFloat(getComputedStyle(last).scrollMarginTop);
    const below = last.getBoundingClientRect().top - main.getBoundingClientRect().top;
    main.scrollBy(0, below - margin);
  }).observe(document.body, { childList: true, subtree: true });
}
</script>"""
"""It is put on the page with every run, and acts once."""
