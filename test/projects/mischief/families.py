"""Leaves three sleeping children while it is imported: in the group, in another session, and orphaned there."""

import os
import subprocess
import sys

from mischief import runner as runner

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
subprocess.Popen(SLEEP)
subprocess.Popen(SLEEP, start_new_session=True)
if hasattr(os, "fork") and os.fork() == 0:
    os.setsid()
    subprocess.Popen(SLEEP)
    os._exit(0)
