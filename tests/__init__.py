import sys

sys.dont_write_bytecode = False  # PYTHONDONTWRITEBYTECODE would have each run compile anew what pytest rewrites
