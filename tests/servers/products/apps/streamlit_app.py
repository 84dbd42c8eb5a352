"""A page for Streamlit."""

import streamlit

streamlit.write("x")
