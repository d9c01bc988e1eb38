# SPDX-License-Identifier: GPL-2.0-only
"""Draws a literal block of class "picture" as SVG, so that one source is readable
as text and as HTML.

-, | and + are lines, ^, v, < and > at the end of a line are arrow heads, an X
between lines is a fence. Lines cross at a |. All other characters are text."""

import html
import re

from docutils import nodes

WIDTH, HEIGHT = 8, 16
ACROSS, DOWN = set("-+"), set("|+X")


class Picture(nodes.literal_block):
    """A literal block that only the HTML writer treats differently."""


class Grid:
    """The characters of a picture, and the lines through each of them."""

    def __init__(self, text):
        self.rows = text.expandtabs().splitlines()
        self.width = max(map(len, self.rows))

    def at(self, x, y):
        inside = 0 <= y < len(self.rows) and 0 <= x < len(self.rows[y])
        return self.rows[y][x] if inside else " "

    def option(self, x, y):
        """Check whether a - belongs to the start of an option such as --socket."""
        return any(match.start() <= x < match.end()
                   for match in re.finditer(r"(?<!\S)--(?=\w)", self.rows[y]))

    def sides(self, x, y):
        """The sides of a character at which a line enters: l, r, u, d."""
        char = self.at(x, y)
        left, right = self.at(x - 1, y), self.at(x + 1, y)
        up, down = self.at(x, y - 1), self.at(x, y + 1)
        if char == "-":
            return "lr" if {left, right} & set("-+<>") and not self.option(x, y) else ""
        if char == "|":
            return "lrud" if "-" in {left, right} <= set("-+") else "ud"
        across = (left in ACROSS) * "l" + (right in ACROSS) * "r"
        upright = (up in DOWN) * "u" + (down in DOWN) * "d"
        if char == "+":
            return across + upright
        if char == "X":
            return "lrud" if across == "lr" else ""
        if char in "^v":
            return across + upright if upright and (across or not (left + right).strip()) else ""
        return across if char in "<>" else ""

    def cells(self):
        for y, row in enumerate(self.rows):
            for x, char in enumerate(row):
                yield x, y, char


def lines(grid):
    """Path data: from the centre of each cell to the sides with a line."""
    for x, y, _ in grid.cells():
        centre = f"M{(x + .5) * WIDTH:g} {(y + .5) * HEIGHT:g}"
        for side in grid.sides(x, y):
            yield centre + {"l": f"h-{WIDTH / 2:g}", "r": f"h{WIDTH / 2:g}",
                            "u": f"v-{HEIGHT / 2:g}", "d": f"v{HEIGHT / 2:g}"}[side]


def marks(grid):
    """Arrow heads and fences."""
    shapes = {"^": "l-3.5 7h7z", "v": "l-3.5 -7h7z", "<": "l7 -3.5v7z", ">": "l-7 -3.5v7z"}
    tips = {"^": (.5, 0), "v": (.5, 1), "<": (0, .5), ">": (1, .5)}
    for x, y, char in grid.cells():
        if not grid.sides(x, y):
            continue
        if char in shapes:
            tip_x, tip_y = tips[char]
            yield (f'<path class="head" d="M{(x + tip_x) * WIDTH:g} '
                   f'{(y + tip_y) * HEIGHT:g}{shapes[char]}"/>')
        elif char == "X":
            yield (f'<path class="fence" d="M{x * WIDTH - 1} {y * HEIGHT + 3}l10 10'
                   f'm0 -10l-10 10"/>')


def texts(grid):
    """Words that are not lines, each with the width that it has as text."""
    for y, row in enumerate(grid.rows):
        rest = "".join(" " if grid.sides(x, y) else char for x, char in enumerate(row))
        for match in re.finditer(r"\S+(?: \S+)*", rest):
            yield (f'<text x="{match.start() * WIDTH}" y="{y * HEIGHT + 12}" '
                   f'textLength="{len(match[0]) * WIDTH}">{html.escape(match[0])}</text>')


def svg(text):
    grid = Grid(text)
    width, height = grid.width * WIDTH, len(grid.rows) * HEIGHT
    return (f'<div class="picture"><svg viewBox="-2 0 {width + 4} {height}" width="{width + 4}">'
            f'<path class="line" d="{"".join(lines(grid))}"/>'
            f'{"".join(marks(grid))}{"".join(texts(grid))}</svg></div>\n')


def visit(writer, node):
    writer.body.append(svg(node.astext()))
    raise nodes.SkipNode


def mark(_app, tree):
    for block in list(tree.findall(nodes.literal_block)):
        if "picture" in block["classes"]:
            block.replace_self(Picture(block.rawsource, block.astext()))


def setup(app):
    app.add_node(Picture, html=(visit, None))
    app.connect("doctree-read", mark)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
