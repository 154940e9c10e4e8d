"""Showing what ``check`` found: on a terminal, as SARIF for code hosts, as an annotated page."""
