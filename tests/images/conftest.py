import sys
from pathlib import Path

# make_files is a module of these tests, not of the package.
sys.path.insert(0, str(Path(__file__).parent))
