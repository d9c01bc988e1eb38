# SPDX-License-Identifier: GPL-2.0-only
"""Sphinx configuration, used by qemu-tests/scripts/docs. The source directory is
the top of the clone, so that pages beside the code can link to each other."""

import pathlib
import re
import sys

here = pathlib.Path(__file__).parent
sys.path.insert(0, str(here / "sphinx"))

project = "vfio_dfl_mdev"
copyright = "2026 The vfio_dfl_mdev authors"
release = re.search(r'PACKAGE_VERSION="(.*)"', (here.parent / "dkms.conf").read_text())[1]

extensions = ["pictures", "plain_files"]
root_doc = "Documentation/index"
include_patterns = ["Documentation/**.rst", "qemu-tests/**.rst", "selftests/**.rst"]
exclude_patterns = ["build", ".git"]
primary_domain = None
highlight_language = "none"
smartquotes = False

html_theme = "alabaster"
html_theme_options = {"description": f"version {release}", "page_width": "70rem",
                      "body_max_width": "none", "fixed_sidebar": False}
html_sidebars = {"**": ["about.html", "searchbox.html", "navigation.html"]}
html_static_path = ["sphinx/custom.css"]
html_css_files = ["custom.css"]
html_copy_source = False
html_use_index = False
