"""kbq-tui: connect Klaviyo to BigQuery from a terminal."""

__version__ = "0.1.0"
