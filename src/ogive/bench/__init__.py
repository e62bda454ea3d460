"""Ogive's functions against NumPy, SciPy and PyTorch on the same work, in one process.

A speed means nothing by itself: machines differ and are shared.  What is reported is a ratio to a
peer measured in the same run, in turns, best and median, whoever wins.
"""
