"""The layout of docstrings in numpydoc form: paragraphs, sections and their entries."""

from __future__ import annotations

from textwrap import indent


def wrap(text: str, width: int = 92) -> str:
    r"""Wrap one paragraph at its spaces.

    textwrap, which looks for much else, would take most of the time of `import ogive`.

    Parameters
    ----------
    text : str
        The paragraph; whatever white space it has counts as one space.
    width : int, optional
        The most characters in a line.

    Returns
    -------
    str
        Lines of at most `width` characters, longer words apart.

    Examples
    --------
    >>> from ogive.numpydoc import wrap
    >>> wrap("a bc d", 4)
    'a bc\nd'
    """
    lines: list[str] = []
    line = ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return "\n".join([*lines, line])


def section(title: str, body: str) -> str:
    r"""Underline a title and put the body below it.

    Parameters
    ----------
    title, body : str
        Such as "Returns" and its entries.

    Returns
    -------
    str
        The section.

    Examples
    --------
    >>> from ogive.numpydoc import section
    >>> section("Notes", "None.")
    'Notes\n-----\nNone.'
    """
    return f"{title}\n{'-' * len(title)}\n{body}"


def entry(head: str, description: str) -> str:
    r"""Put the description of a parameter, result or exception below its name.

    Parameters
    ----------
    head : str
        Such as "x : float".
    description : str
        One paragraph.

    Returns
    -------
    str
        The entry.

    Examples
    --------
    >>> from ogive.numpydoc import entry
    >>> entry("x : float", "The argument.")
    'x : float\n    The argument.'
    """
    return f"{head}\n{indent(wrap(description, 88), '    ')}"


def capitalised(text: str) -> str:
    """Begin with a capital letter, and leave the others as they are.

    Parameters
    ----------
    text : str
        A phrase, not empty.

    Returns
    -------
    str
        Such as "The nearer to ReLU".

    Examples
    --------
    >>> from ogive.numpydoc import capitalised
    >>> capitalised("slope of ReLU")
    'Slope of ReLU'
    """
    return text[0].upper() + text[1:]
