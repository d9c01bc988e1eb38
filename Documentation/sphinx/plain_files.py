# SPDX-License-Identifier: GPL-2.0-only
"""Directives for documents that are no .rst pages: abi-file and man-page."""

import pathlib
import re
import subprocess

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList

ENTRY = re.compile(r"^What:\s+(\S+)\n(?:\w+:.*\n)*?Description:\n((?:\t\t.*\n|\n)*)", re.M)


class PlainFile(Directive):
    required_arguments = 1

    def path(self):
        """The file, relative to the page; the page depends on it."""
        env = self.state.document.settings.env
        path = pathlib.Path(self.state.document.current_source).parent / self.arguments[0]
        env.note_dependency(str(path.resolve()))
        return path


class AbiFile(PlainFile):
    """The entries by folder. Their descriptions are read as .rst."""

    def run(self):
        lines, folder = [], None
        source = self.path().read_text()
        entries = ENTRY.findall(source)
        if len(entries) != source.count("What:"):
            raise self.error(f"{self.arguments[0]}: an entry is not in the form of the kernel")
        for name, text in entries:
            head, tail = re.fullmatch(r"(.*/)([^/]+/?)", name).groups()
            if head != folder:
                lines += ["", f".. rubric:: ``{head}``", ""]
                folder = head
            lines.append(f"``{tail}``")
            lines += [re.sub(r"^\t\t", "    ", line).expandtabs(8) for line in text.splitlines()]
        node = nodes.container(classes=["abi"])
        self.state.nested_parse(StringList(lines, self.arguments[0]), 0, node)
        return [node]


class ManPage(PlainFile):
    def run(self):
        text = subprocess.run(["mandoc", "-T", "html", "-O", "fragment", self.path()],
                              check=True, text=True, stdout=subprocess.PIPE).stdout
        return [nodes.raw("", f'<div class="man">{text}</div>', format="html")]


def setup(app):
    app.add_directive("abi-file", AbiFile)
    app.add_directive("man-page", ManPage)
    return {"parallel_read_safe": True}
