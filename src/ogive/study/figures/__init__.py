"""The figures of the report, one kind a file.

`style` holds the palette and the way to SVG; `labels` and `ticks` what several kinds share;
`curves`, `gradient`, `shapes` and `maps` one kind each. matplotlib loads when a figure is drawn.
"""
