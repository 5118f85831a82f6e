# SPDX-License-Identifier: GPL-2.0-only
# Sphinx configuration; see Makefile.
project = "winusb for Linux"
copyright = "the winusb for Linux authors"
master_doc = "index"
exclude_patterns = ["build", "generated"]
html_theme = "alabaster"
html_theme_options = {"description": "WinUSB semantics for Linux", "page_width": "1100px"}
html_show_sourcelink = False
highlight_language = "none"
