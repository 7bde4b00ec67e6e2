"""All time points of a file in one call, normalized alike: masks, tables and a plot; stopped, it goes on where it was.

>>> import tempfile
>>> from helpers import phantoms, time_series
>>> folder = tempfile.mkdtemp()
>>> file = phantoms.write_movie(f"{folder}/movie.ome.tif", phantoms.peroxisomes_over_time(shape=(2, 8, 64, 64)))
>>> result = time_series.run("slc25a17", file, f"{folder}/results", tell=None)
>>> list(result.table.columns)
['time', 'time_s', 'objects', 'volume_um3', 'fraction', 'mean_intensity', 'raw_mean']
"""

from helpers.time_series.brightness import Light, light
from helpers.time_series.job import NORMALIZE
from helpers.time_series.results import OUTPUTS, Result, against_truth
from helpers.time_series.running import run, segment

__all__ = ["NORMALIZE", "OUTPUTS", "Light", "Result", "against_truth", "light", "run", "segment"]
