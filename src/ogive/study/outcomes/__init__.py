"""What is measured of a network when it has been trained, one outcome a file.

`measured` puts them together. What only reads a stored run, such as `mistakes.decode`, loads no
torch.
"""
