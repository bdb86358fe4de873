"""The same files read by pandas, or by zipfile, PIL and NumPy, for bench/formats: prints one line of JSON.

usage: python read_data.py FILE
"""

import io
import json
import resource
import sys
import time
import zipfile

path = sys.argv[1]
if path.endswith(".csv"):
    import pandas

    begun = time.perf_counter()
    table = pandas.read_csv(path)
    rows = len(table)
else:
    import numpy
    from PIL import Image

    begun = time.perf_counter()
    images = []
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            images.append(numpy.asarray(Image.open(io.BytesIO(archive.read(name))).convert("L")))
    rows = len(numpy.stack(images))
seconds = time.perf_counter() - begun
usage = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"seconds": seconds, "cpu": usage.ru_utime, "peakMb": usage.ru_maxrss / 1024, "rows": rows}))
