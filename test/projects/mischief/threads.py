"""Keeps the interpreter from ending: a thread that is not a daemon."""

import threading
import time

from mischief import runner as runner

threading.Thread(target=time.sleep, args=(600,)).start()
