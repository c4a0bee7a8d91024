"""Fills both pipes while it is imported, then closes them."""

import os

from mischief import runner as runner

print("o" * 3_000_000)
os.write(2, b"e" * 3_000_000)
print("the last line")
os.close(1)
os.close(2)
