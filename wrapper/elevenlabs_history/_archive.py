from ._zip_archive import Limits, plan
from ._zip_archive import Member as Member
from ._zip_archive import read

iter_chunks = read
def read_directory(file, *, requested): return plan(file, Limits(members=2*requested))
