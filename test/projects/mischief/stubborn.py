"""Neither ends when it is asked nor when it is terminated."""

import signal

from threads import runner as runner

signal.signal(signal.SIGTERM, signal.SIG_IGN)
