"""Holds the interpreter lock for years: a regular expression that backtracks."""

import re

re.match("(a*)*b", "a" * 64)
