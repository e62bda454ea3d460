"""The figures of the report, one kind a file.

`lines` and `dots` are what several kinds are made of; `curves`, `gradient`, `depth`, `robustness`,
`reliability`, `pareto`, `forest`, `shapes` and `maps` are one kind each. matplotlib loads when a
figure is drawn.
"""
