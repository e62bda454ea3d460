"""Ogive's functions against NumPy, SciPy, PyTorch, JAX and numexpr on the same work.

A speed means nothing by itself: machines differ and are shared.  What is reported is a ratio to a
peer measured in the same process and the same minutes, in turns, best and median, whoever wins.

``textbook`` has the formulas, the files ``with_*`` each library's best way to them, ``peers`` puts
the contenders of one row together, ``timing`` times them, ``accuracy`` tells which of them may be
called right, ``worker`` is the process that does it, ``run`` starts one for each number of threads,
``results`` is what comes of it and ``targets`` holds it against what Ogive set out to reach.
"""
