"""Rerun's library writes the recording of a log."""

import json
import sys
from pathlib import Path

from ashore.hardware.exporters.rerun_recording import export_rerun

log = Path(sys.argv[1])
sys.stdout.write(json.dumps(export_rerun(log, log.with_suffix(".rrd"))))
