"""The pages in the browser, made with Streamlit."""
